/** Filter expressions of scols-filter(5): `NPROCS > 1 && !(USER =~ "^r")`. */
import { FilterError, type Token, tokenize } from './filter-tokens.js';

/** What a name stands for in one row; undefined when the cell is empty. */
export type Lookup = (name: string) => string | number | undefined;
export type Predicate = (lookup: Lookup) => boolean;

type Value = string | number | boolean | undefined;
type Term = (lookup: Lookup) => Value;

/**
 * Compiles an expression. `and`, `or`, `not` and the operators' other names (`eq`, `ne`, `lt`, `le`, `gt`, `ge`) may be
 * in capitals. Names of columns are matched without regard to case; a name alone is true when its cell is neither
 * empty nor 0. Two numbers are compared as such and anything else as text; nothing is less or greater than an empty cell.
 *
 * @throws FilterError with the place of the mistake.
 */
export function compileFilter(text: string, columns: readonly string[]): Predicate {
  const parser = new Parser(text, columns);
  const term = parser.any();
  parser.end();
  return (lookup) => truth(term(lookup));
}

const truth = (value: Value): boolean =>
  value !== undefined && value !== '' && value !== 0 && value !== false;

type Comparison = (left: string | number, right: string | number) => boolean;

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

class Parser {
  readonly #tokens: readonly Token[];
  readonly #text: string;
  readonly #columns: ReadonlyMap<string, string>;
  #next = 0;

  constructor(text: string, columns: readonly string[]) {
    this.#text = text;
    this.#tokens = tokenize(text);
    this.#columns = new Map(columns.map((name) => [name.toLowerCase(), name]));
  }

  any(): Term {
    let left = this.#all();
    while (this.#take('||')) {
      const [first, second] = [left, this.#all()];
      left = (lookup) => truth(first(lookup)) || truth(second(lookup));
    }
    return left;
  }

  end(): void {
    const rest = this.#tokens[this.#next];
    if (rest) this.#fail(`'${rest.text}' is not expected`);
  }

  #all(): Term {
    let left = this.#not();
    while (this.#take('&&')) {
      const [first, second] = [left, this.#not()];
      left = (lookup) => truth(first(lookup)) && truth(second(lookup));
    }
    return left;
  }

  #not(): Term {
    if (!this.#take('!')) return this.#comparison();
    const term = this.#not();
    return (lookup) => !truth(term(lookup));
  }

  #comparison(): Term {
    const left = this.#value();
    const operator = this.#tokens[this.#next];
    if (operator?.kind !== 'operator') return left;
    if (operator.text === '=~' || operator.text === '!~') {
      this.#next++;
      return this.#match(left, operator.text === '=~');
    }
    const compare = COMPARISONS[operator.text];
    if (compare === undefined) return left;
    this.#next++;
    const right = this.#value();
    return (lookup) => compareValues(left(lookup), right(lookup), { compare, operator: operator.text });
  }

  #match(left: Term, wanted: boolean): Term {
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'string') this.#fail('a regular expression in quotes is expected');
    this.#next++;
    let pattern: RegExp;
    try {
      pattern = new RegExp((token as Token).text, 'u');
    } catch (error) {
      this.#fail((error as Error).message, token);
    }
    return (lookup) => pattern.test(String(left(lookup) ?? '')) === wanted;
  }

  #value(): Term {
    const token = this.#tokens[this.#next];
    if (token === undefined) this.#fail('the expression ends where a value is expected');
    if (this.#take('(')) {
      const inner = this.any();
      if (!this.#take(')')) this.#fail("')' is missing");
      return inner;
    }
    this.#next++;
    if (token.kind === 'string') return () => token.text;
    if (token.kind === 'number') return () => Number(token.text);
    if (token.kind === 'boolean') return () => token.text === 'true';
    if (token.kind !== 'name') this.#fail(`'${token.text}' is not expected`, token);
    const column = this.#columns.get(token.text.toLowerCase());
    if (column === undefined) this.#fail(`there is no column ${token.text}`, token);
    return (lookup) => lookup(column);
  }

  #take(operator: string): boolean {
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'operator' || token.text !== operator) return false;
    this.#next++;
    return true;
  }

  #fail(problem: string, token: Token | undefined = this.#tokens[this.#next]): never {
    throw new FilterError(this.#text, token?.at ?? this.#text.length, problem);
  }
}

function compareValues(
  left: Value,
  right: Value,
  { compare, operator }: { compare: Comparison; operator: string },
): boolean {
  if (left === undefined || right === undefined) {
    const same = (left ?? '') === (right ?? '');
    return operator === '==' ? same : operator === '!=' && !same;
  }
  if (typeof left === 'boolean' || typeof right === 'boolean')
    return compare(Number(truth(left)), Number(truth(right)));
  const numbers = [left, right].map((value) => (value === '' ? Number.NaN : Number(value)));
  const areNumbers = (typeof left === 'number' || typeof right === 'number') && !numbers.some(Number.isNaN);
  return areNumbers
    ? compare(numbers[0] as number, numbers[1] as number)
    : compare(String(left), String(right));
}
