import { STDERR, STDOUT, terminalSize, write } from '../output.js';

const SECOND = 1000;
/** Reading the machine takes at most this share of the time. */
const SHARE = 0.05;

/**
 * Draws again when something has changed, until a signal ends the process. The kernel tells nobody that a namespace
 * came or went, so the machine is read once a second, and less often when that takes long.
 */
export async function watch(draw: () => { text: string; note: string }): Promise<never> {
  const isTerminal = terminalSize(STDOUT) !== undefined;
  let shown: string | undefined;
  for (;;) {
    const start = performance.now();
    const { text, note } = draw();
    const took = performance.now() - start;
    if (text !== shown) {
      if (shown === undefined) write(STDERR, isTerminal ? '' : note);
      else if (!isTerminal) write(STDOUT, '\n');
      write(STDOUT, isTerminal ? `\x1b[H\x1b[2J\x1b[3J${text}${note}` : text);
      shown = text;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(SECOND, took / SHARE)));
  }
}
