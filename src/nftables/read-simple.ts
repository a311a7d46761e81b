import type { Reading, Words } from './delinearize.js';
import {
  type Expression,
  LIMIT_UNITS,
  type LimitUnit,
  LOG_LEVELS,
  REJECT_REASONS,
  type RejectReason,
} from './expression.js';
import { defaultReason, type Headers } from './headers.js';
import type { KernelExpression, KernelExpressionOf } from './kernel-expression.js';
import { VERDICT_REGISTER } from './registers.js';
import type { Selector } from './selectors.js';

/** What stands for itself. */
export function readSimple([first]: readonly KernelExpression[], reading: Reading): Words | undefined {
  const expression = first && readOne(first, reading);
  if (expression === undefined) return undefined;
  const selectors = expression.kind === 'reject' ? headersOf(expression.with) : [];
  return { used: 1, expressions: [expression], selectors };
}

function readOne(first: KernelExpression, { headers }: Reading): Expression | undefined {
  switch (first.name) {
    case 'immediate': {
      const { dreg, data } = first;
      if (dreg !== VERDICT_REGISTER || data === undefined || Buffer.isBuffer(data)) return undefined;
      return { kind: 'verdict', verdict: data.verdict };
    }
    case 'counter':
      return { kind: 'counter', packets: first.packets ?? 0n, bytes: first.bytes ?? 0n };
    case 'limit':
      return readLimit(first);
    case 'log':
      return readLog(first);
    case 'reject':
      return readReject(first, headers);
    default:
      return undefined;
  }
}

function readLimit({
  rate = 0n,
  unit,
  burst = 0,
  type = 0,
  flags = 0,
}: KernelExpressionOf<'limit'>): Expression | undefined {
  const per = (Object.keys(LIMIT_UNITS) as LimitUnit[]).find((name) => LIMIT_UNITS[name] === unit);
  if (per === undefined || type !== 0 || flags > 1 || rate > BigInt(Number.MAX_SAFE_INTEGER))
    return undefined;
  return { kind: 'limit', rate: Number(rate), per, burst, ...(flags === 1 ? { over: true } : {}) };
}

const WARN = 4;

function readLog(log: KernelExpressionOf<'log'>): Expression | undefined {
  const { prefix, group, snaplen = 0, threshold = 0, level = WARN, flags = 0 } = log;
  const levelName = LOG_LEVELS[level];
  if (levelName === undefined || flags !== 0 || snaplen !== 0 || threshold !== 0) return undefined;
  return {
    kind: 'log',
    ...(prefix ? { prefix } : {}),
    ...(group === undefined ? {} : { group }),
    ...(group !== undefined || level === WARN ? {} : { level: levelName }),
  };
}

/** The codes of icmp and icmpv6 are told apart by what the packets are. */
function readReject(
  { type, code = 0 }: KernelExpressionOf<'reject'>,
  headers: Headers,
): Expression | undefined {
  const reasons = (Object.keys(REJECT_REASONS) as RejectReason[]).filter(
    (name) => REJECT_REASONS[name]?.type === type && REJECT_REASONS[name]?.code === code,
  );
  const reason = reasons.find((name) => headersOf(name).every((selector) => headers.has(NEEDED[selector])));
  if (reason === undefined) return undefined;
  return { kind: 'reject', ...(reason === defaultReason(headers) ? {} : { with: reason }) };
}

const NEEDED: Readonly<Partial<Record<Selector, 'ip' | 'ip6' | 'tcp'>>> = {
  'ip saddr': 'ip',
  'ip6 saddr': 'ip6',
  'tcp sport': 'tcp',
};

/** Selectors that need the same header, which is matched before. */
function headersOf(reason: RejectReason | undefined): Selector[] {
  switch (reason?.split(' ')[0]) {
    case 'tcp':
      return ['tcp sport'];
    case 'icmp':
      return ['ip saddr'];
    case 'icmpv6':
      return ['ip6 saddr'];
    default:
      return [];
  }
}
