import { Isol8Error } from '../foundation/errors.js';

/** An expression that cannot be read. The message shows the place. */
export class FilterError extends Isol8Error {
  override readonly name = 'FilterError';
  /** The place of the mistake in the expression, from 0. */
  readonly at: number;

  constructor(expression: string, at: number, problem: string) {
    super('ERR_FILTER', `filter: ${problem}, at ${at + 1} of ${JSON.stringify(expression)}`);
    this.at = at;
  }
}

export interface Token {
  readonly kind: 'name' | 'string' | 'number' | 'boolean' | 'operator';
  /** Of a string without its quotes, of an operator its sign. */
  readonly text: string;
  readonly at: number;
}

const WORDS: Readonly<Record<string, string>> = {
  and: '&&',
  or: '||',
  not: '!',
  eq: '==',
  ne: '!=',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
};

const PATTERN = new RegExp(
  [
    String.raw`(?<space>\s+)`,
    String.raw`(?<operator>&&|\|\||==|!=|<=|>=|=~|!~|[<>!()])`,
    String.raw`"(?<double>(?:[^"\\]|\\.)*)"|'(?<single>(?:[^'\\]|\\.)*)'`,
    String.raw`(?<number>-?\d+(?:\.\d+)?)(?![\w.])`,
    String.raw`(?<name>[A-Za-z_][\w.%:/-]*)`,
  ].join('|'),
  'suy',
);

/** The words of an expression. Throws FilterError for what is none, and for a string that does not end. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    PATTERN.lastIndex = at;
    const match = PATTERN.exec(text);
    if (match === null) {
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
      const isQuote = character === '"' || character === "'";
      throw new FilterError(text, at, isQuote ? 'the string does not end' : `'${character}' is not expected`);
    }
    const token = tokenOf(match.groups ?? {}, at);
    if (token) tokens.push(token);
    at = PATTERN.lastIndex;
  }
  return tokens;
}

function tokenOf(groups: Readonly<Record<string, string | undefined>>, at: number): Token | undefined {
  const { operator, double, single, number, name } = groups;
  const quoted = double ?? single;
  if (quoted !== undefined)
    return { kind: 'string', text: unquote(quoted, double === undefined ? "'" : '"'), at };
  if (operator !== undefined) return { kind: 'operator', text: operator, at };
  if (number !== undefined) return { kind: 'number', text: number, at };
  if (name === undefined) return undefined;
  const lower = name.toLowerCase();
  if (Object.hasOwn(WORDS, lower)) return { kind: 'operator', text: WORDS[lower] as string, at };
  if (lower === 'true' || lower === 'false') return { kind: 'boolean', text: lower, at };
  return { kind: 'name', text: name, at };
}

/** Only the quote is escaped: a backslash before anything else belongs to a regular expression. */
const unquote = (text: string, quote: string): string => text.replaceAll(`\\${quote}`, quote);
