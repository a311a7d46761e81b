import { renderBash } from './completion-bash.js';
import { renderFish } from './completion-fish.js';
import { renderZsh } from './completion-zsh.js';
import type { CommandSpec } from './options.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * A script that completes `program` and its commands. To be sourced (`source <(isol8 completion bash)`,
 * `isol8 completion fish | source`) or installed where the shell looks for one. `program` is the table of the
 * options before any command.
 */
export function renderCompletion(
  shell: Shell,
  program: CommandSpec,
  commands: readonly CommandSpec[],
): string {
  const render = { bash: renderBash, zsh: renderZsh, fish: renderFish }[shell];
  return render(program, commands);
}
