import { STDERR, STDOUT, terminalSize, tryWrite, write } from '../output.js';

const SECOND = 1000;
/** Reading the machine takes at most this share of the time. */
const SHARE = 0.05;

/**
 * Draws again when something has changed, until a signal ends the process, or nobody reads any more. The kernel tells nobody that a namespace
 * came or went, so the machine is read once a second, and less often when that takes long.
 */
export async function watch(draw: () => { text: string; note: string }): Promise<number> {
  const isTerminal = terminalSize(STDOUT) !== undefined;
  let shown: string | undefined;
  for (;;) {
    const start = performance.now();
    const { text, note } = draw();
    const took = performance.now() - start;
    if (text !== shown) {
      if (shown === undefined && !isTerminal) write(STDERR, note);
      const apart = shown === undefined ? text : `\n${text}`;
      if (!tryWrite(STDOUT, isTerminal ? `\x1b[H\x1b[2J\x1b[3J${text}${note}` : apart)) return 0;
      shown = text;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(SECOND, took / SHARE)));
  }
}
