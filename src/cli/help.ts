import { paint } from '../foundation/paint.js';
import { type CommandSpec, type OptionSpec, visibleOptions } from './options.js';

export interface HelpLayout {
  /** Width of the terminal; text is wrapped to it, between 40 and 120. */
  readonly columns: number;
  /** Bold headings and coloured option names. */
  readonly color: boolean;
}

/** An entry of a two-column list. */
interface Row {
  readonly label: string;
  readonly text: string;
}

/** What `isol8 COMMAND --help` prints, with a final newline. */
export function renderHelp(program: string, command: CommandSpec, layout: HelpLayout): string {
  const page = new Page(layout);
  page.introduction(command, `${program} ${command.name}`);
  page.options(command);
  page.examples(command);
  return page.text();
}

/** What `isol8 --help` prints: `program` is the table of the options before any command. */
export function renderOverview(
  program: CommandSpec,
  commands: readonly CommandSpec[],
  layout: HelpLayout,
): string {
  const page = new Page(layout);
  page.introduction(program, program.name);
  page.list(
    'Commands',
    commands.map(({ name, summary }) => ({ label: name, text: summary })),
  );
  page.options(program);
  page.examples(program);
  page.heading(`'${program.name} COMMAND --help' says more about a command.`, 'plain');
  return page.text();
}

class Page {
  readonly #lines: string[] = [];
  readonly #width: number;
  readonly #color: boolean;

  constructor(layout: HelpLayout) {
    this.#width = Math.max(40, Math.min(layout.columns, 120));
    this.#color = layout.color;
  }

  text(): string {
    return `${this.#lines.join('\n').replace(/^\n+|\n+$/g, '')}\n`;
  }

  heading(text: string, weight: 'bold' | 'plain' = 'bold'): void {
    this.#lines.push('', weight === 'bold' ? this.#paint('1', `${text}:`) : text);
  }

  introduction(command: CommandSpec, call: string): void {
    this.#lines.push(...wrap(sentence(command.summary), this.#width));
    this.heading('Usage');
    for (const form of command.usage) {
      const [first = '', ...more] = wrap(`${call} ${form}`, this.#width - 4);
      this.#lines.push(`  ${first}`, ...more.map((line) => `    ${line}`));
    }
    for (const paragraph of command.description?.trimEnd().split('\n\n') ?? []) {
      const isVerbatim = paragraph.startsWith(' ');
      this.#lines.push('', ...(isVerbatim ? [paragraph] : wrap(paragraph, this.#width)));
    }
  }

  options(command: CommandSpec): void {
    const groups = new Map<string, Row[]>();
    for (const option of visibleOptions(command)) {
      const rows = groups.get(option.group) ?? [];
      groups.set(option.group, rows);
      rows.push({ label: optionLabel(option), text: optionText(option) });
    }
    const all = [...groups.values()].flat();
    for (const [group, rows] of groups) this.list(group, rows, all);
  }

  /** Two columns. `aligned` are the rows, here or in other lists, that share the place of the second one. */
  list(title: string, rows: readonly Row[], aligned: readonly Row[] = rows): void {
    this.heading(title);
    const indent = 2;
    const gap = 2;
    const limit = Math.floor(this.#width * 0.36);
    const fitting = aligned.map(({ label }) => label.length).filter((length) => length <= limit);
    const start = indent + Math.max(...fitting, 8) + gap;
    for (const { label, text } of rows) {
      const [first = '', ...more] = wrap(text, this.#width - start);
      const room = start - indent - label.length;
      const left = ' '.repeat(indent) + this.#paintLabel(label);
      if (room >= gap) this.#lines.push(left + ' '.repeat(room) + first);
      else this.#lines.push(left, ' '.repeat(start) + first);
      this.#lines.push(...more.map((line) => ' '.repeat(start) + line));
    }
  }

  examples(command: CommandSpec): void {
    if (command.examples.length === 0) return;
    this.heading('Examples');
    for (const [index, { text, command: line }] of command.examples.entries()) {
      if (index > 0) this.#lines.push('');
      this.#lines.push(...wrap(sentence(text), this.#width - 2).map((part) => `  ${part}`));
      // Never wrapped: it is there to be copied. Behind a backslash the same command goes on.
      const prompt = `    ${this.#paint('2', '$')} `;
      const shown = line.replaceAll(/(\\\n)|\n/g, (end, same) => end + (same ? '      ' : prompt));
      this.#lines.push(...`${prompt}${shown}`.split('\n'));
    }
  }

  /** The names stand out, the value does not. */
  #paintLabel(label: string): string {
    return label.replace(/(?<![\w-])--?[a-zA-Z][\w-]*|^[a-z]\S*/g, (name) => this.#paint('36', name));
  }

  #paint(code: string, text: string): string {
    return paint(text, code, this.#color);
  }
}

/** `-w, --workdir DIR`, `    --mount-proc[=DIR]`: long names line up whether there is a short one or not. */
function optionLabel(option: OptionSpec): string {
  const short = option.short === undefined ? '    ' : `-${option.short}, `;
  const kind = option.argument ?? 'none';
  if (kind === 'none') return `${short}--${option.name}`;
  const value = metavar(option);
  return `${short}--${option.name}${kind === 'optional' ? `[=${value}]` : ` ${value}`}`;
}

function metavar(option: OptionSpec): string {
  if (option.value !== undefined) return option.value;
  const inline = option.choices?.join('|') ?? '';
  return inline.length > 0 && inline.length <= 16 && option.list !== true ? inline : 'VALUE';
}

/** The help with what the table knows beyond it: other names, the choices, repetition. */
function optionText(option: OptionSpec): string {
  const notes: string[] = [];
  if (option.aliases?.length) notes.push(`also ${option.aliases.map((name) => `--${name}`).join(', ')}`);
  if (option.choices && !isListed(option)) {
    const known = option.choices.map((choice) => choice.replace(/=$/, ''));
    notes.push(`${choiceWord(option)} ${known.join(', ')}`);
  }
  if (option.repeatable) notes.push('may be repeated');
  if (notes.length === 0) return option.help;
  return `${option.help.replace(/\.$/, '')} (${notes.join('; ')}).`;
}

/** The help or the metavar names every choice already. */
function isListed(option: OptionSpec): boolean {
  const words = new Set(`${option.help} ${metavar(option)}`.split(/[^\w-]+/));
  return (option.choices ?? []).every((choice) => words.has(choice.replace(/=$/, '')));
}

function choiceWord(option: OptionSpec): string {
  if (option.open) return 'for example';
  return option.list ? 'any of' : 'one of';
}

function sentence(text: string): string {
  return /[.:!?]$/.test(text) ? text : `${text}.`;
}

/** Greedy lines of at most `width`; a longer word has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines;
}
