import type { CommandSpec } from './options.js';
import { helpStyle, STDOUT, write } from './output.js';
import { PROGRAM } from './usage-error.js';

/** Prints a command's help where its options ask for it, and tells whether they did. What draws it is loaded only then. */
export async function answersHelp(
  options: { has(name: 'help'): boolean },
  command: CommandSpec,
): Promise<boolean> {
  if (!options.has('help')) return false;
  const { renderHelp } = await import('./help.js');
  write(STDOUT, renderHelp(PROGRAM, command, helpStyle()));
  return true;
}
