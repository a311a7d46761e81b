import {
  type Counter,
  type Expression,
  LIMIT_UNITS,
  type Limit,
  LOG_LEVELS,
  type Log,
} from './expression.js';
import type { KernelExpression } from './kernel-expression.js';
import { VERDICT_REGISTER } from './registers.js';

/** What needs neither a register nor a header. */
type Simple = Extract<Expression, { kind: 'verdict' | 'counter' | 'limit' | 'log' | 'unknown' }>;

export function linearizeSimple(expression: Simple): KernelExpression {
  switch (expression.kind) {
    case 'verdict':
      return { name: 'immediate', dreg: VERDICT_REGISTER, data: { verdict: expression.verdict } };
    case 'counter':
      return linearizeCounter(expression);
    case 'limit':
      return linearizeLimit(expression);
    case 'log':
      return linearizeLog(expression);
    case 'unknown':
      return { name: 'unknown', kernelName: expression.name, bytes: Buffer.from(expression.data, 'hex') };
  }
}

function linearizeLimit({ rate, per, burst, over }: Limit): KernelExpression {
  return { name: 'limit', rate: BigInt(rate), unit: LIMIT_UNITS[per], burst, type: 0, flags: over ? 1 : 0 };
}

function linearizeCounter({ packets, bytes }: Counter): KernelExpression {
  return packets === 0n && bytes === 0n ? { name: 'counter' } : { name: 'counter', packets, bytes };
}

function linearizeLog({ prefix, level, group }: Log): KernelExpression {
  const text = prefix === undefined ? {} : { prefix };
  if (group !== undefined) return { name: 'log', ...text, group };
  return { name: 'log', ...text, ...(level === undefined ? {} : { level: LOG_LEVELS.indexOf(level) }) };
}
