/**
 * What a command line may contain, as data. One table per command feeds the parser (getopt.ts), the help (help.ts)
 * and the shell completions (completion.ts), so the three cannot disagree. Nothing here or there imports node:
 * modules, because each costs milliseconds at start under Bun.
 */

/** What a shell offers for a value that is not one of a fixed set. */
export type Completable = 'file' | 'directory' | 'command' | 'user' | 'pid';

export interface OptionSpec {
  /** Long name without dashes, as unshare(1) or docker-run(1) call it: `map-users`. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** Other long names. They count as the same option, also when a prefix fits several of them. */
  readonly aliases?: readonly string[];
  /** What other programs call it. Not accepted, but told from: `Did you mean '--workdir'?` */
  readonly elsewhere?: readonly string[];
  /** Default `none`. As in getopt, an `optional` argument must be attached: `--mount=FILE`, `-mFILE`. */
  readonly argument?: 'none' | 'required' | 'optional';
  /** What the letter takes where it is not what the name does: unshare(1)'s -p and --pid=FILE, -W DIR and --wdns=DIR. */
  readonly shortArgument?: 'none' | 'required';
  /** What the help calls the value: `INNER:OUTER:COUNT`. */
  readonly value?: string;
  /** One sentence, or two: it is the help, and its first sentence is the completion's description. */
  readonly help: string;
  /** Heading in the help. Groups appear in the order in which the table first names them. */
  readonly group: string;
  /** May be given several times with effect; otherwise the last one wins. Never an error. */
  readonly repeatable?: boolean;
  /** The values there are. One that ends in `=` stands for itself followed by any text (`net=TARGET`). */
  readonly choices?: readonly string[];
  /** The value is a comma list of {@link choices}. */
  readonly list?: boolean;
  /** Other values than {@link choices} are accepted too; the choices are then only suggested and completed. */
  readonly open?: boolean;
  /** Where a shell completes the value from. {@link choices} take precedence. */
  readonly complete?: Completable;
  /** Accepted, but not in the help or the completions. */
  readonly hidden?: boolean;
}

export interface CommandSpec {
  /** The subcommand's name; for the program itself (`isol8 --help`) the program's. */
  readonly name: string;
  /** Half a line for the overview. */
  readonly summary: string;
  /** What follows the command's name, one per form: `[options] [--] COMMAND [ARG]...`. */
  readonly usage: readonly string[];
  /** Paragraphs, separated by an empty line. One that starts with a space is printed as it stands. */
  readonly description?: string;
  readonly options: readonly OptionSpec[];
  /**
   * `command`: options end at the first operand, which starts a command with its own options. `any` and `none`:
   * options are recognised between and after operands too; with `none` an operand is an error.
   */
  readonly operands: 'command' | 'none' | 'any';
  /** What a shell offers for operands, with `operands: 'any'`: choices for the first, as for an action. */
  readonly operand?: { readonly choices?: readonly string[]; readonly complete?: Completable };
  readonly examples: readonly { readonly text: string; readonly command: string }[];
}

/** The names an option goes by after `--`: its own first. */
export function longNames(option: OptionSpec): string[] {
  return [option.name, ...(option.aliases ?? [])];
}

/** Every spelling with its dashes: `-w`, `--workdir`. */
export function spellings(option: OptionSpec): string[] {
  const short = option.short === undefined ? [] : [`-${option.short}`];
  return [...short, ...longNames(option).map((name) => `--${name}`)];
}

export function visibleOptions(command: CommandSpec): OptionSpec[] {
  return command.options.filter((option) => option.hidden !== true);
}
