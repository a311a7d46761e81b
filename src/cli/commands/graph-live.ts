import { livePictures } from '../../web/net/live.js';
import { renderText } from '../../web/net/text.js';
import { helpStyle, STDERR, STDOUT, terminalSize, tryWrite, write } from '../output.js';

/** See console_codes(4): another screen, without a cursor, where long lines are cut; and all of that undone. */
const SCREEN = { begin: '\x1b[?1049h\x1b[?25l\x1b[?7l', end: '\x1b[?7h\x1b[?25h\x1b[?1049l' } as const;
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** isol8 graph --net --watch. */
export async function watch(pids: readonly number[] | undefined): Promise<number> {
  using ending = new Ending();
  if (terminalSize(STDOUT) === undefined) await print(pids, ending.signal);
  else await show(pids, ending.signal);
  return ending.status;
}

/** To a file or a pipe: one picture after the other. */
async function print(pids: readonly number[] | undefined, signal: AbortSignal): Promise<void> {
  let separator = '';
  for await (const picture of livePictures({ pids, signal })) {
    if (!tryWrite(STDOUT, separator + renderText(picture, false))) return; // nobody reads it any more
    separator = '\n';
  }
}

async function show(pids: readonly number[] | undefined, signal: AbortSignal): Promise<void> {
  const { color } = helpStyle();
  let text = '';
  const draw = (): void => write(STDOUT, frame(text, terminalSize(STDOUT)?.rows ?? 24));
  process.on('SIGWINCH', draw);
  write(STDOUT, SCREEN.begin);
  try {
    for await (const picture of livePictures({ pids, signal })) {
      text = renderText(picture, color);
      draw();
    }
  } finally {
    process.off('SIGWINCH', draw);
    write(STDOUT, SCREEN.end);
  }
}

/** As many lines as there is room for; the last says what is missing. */
function frame(text: string, rows: number): string {
  const lines = text.trimEnd().split('\n');
  const shown = lines.length <= rows ? lines : lines.slice(0, rows - 1);
  const more = lines.length - shown.length;
  const all = more === 0 ? shown : [...shown, `and ${more} more lines: make the window higher`];
  return `${HOME}${all.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')}${CLEAR_BELOW}`;
}

/** isol8 graph --serve. */
export async function serve(options: {
  readonly pids: readonly number[] | undefined;
  readonly port: number | undefined;
}): Promise<number> {
  using ending = new Ending();
  const { serveNetworks } = await import('../../web/net/serve.js');
  const { url, ended } = await serveNetworks({ ...options, signal: ending.signal });
  write(STDOUT, `${url}\n`);
  write(STDERR, 'Open this address in a browser on this machine. Ctrl-C ends it.\n');
  await ended;
  return ending.status;
}

/** What ends this process: Ctrl-C is how it is meant to end. */
const STATUS = { SIGINT: 0, SIGTERM: 128 + 15, SIGHUP: 128 + 1 } as const;
type EndingSignal = keyof typeof STATUS;

class Ending implements Disposable {
  readonly #controller = new AbortController();
  status = 0;
  readonly #end = (name: EndingSignal): void => {
    this.status = STATUS[name];
    this.#controller.abort();
  };

  constructor() {
    for (const name of Object.keys(STATUS)) process.on(name, this.#end);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const name of Object.keys(STATUS)) process.off(name, this.#end);
  }
}
