import type { OptionSpec } from './options.js';

/** One word of a POSIX shell, bash or zsh, whatever it contains. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The help's first sentence without its full stop: what a shell shows beside an option. */
export function shortHelp(option: OptionSpec): string {
  const text = option.help.replace(/\s+/g, ' ');
  const end = text.search(/\.(\s|$)/);
  return end < 0 ? text : text.slice(0, end);
}

/** Part of a function's name. */
export function identifier(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, '_');
}
