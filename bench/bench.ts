import type { Compiled } from './compiled.js';
import type { Table } from './figures.js';

export interface BenchContext {
  readonly compiled: Compiled;
  /** Multiplies how often everything is measured. */
  readonly effort: number;
}

export interface Bench {
  readonly name: string;
  readonly run: (context: BenchContext) => Promise<Table[]>;
}
