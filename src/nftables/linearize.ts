/** From the words of nft(8) to what the kernel runs: which register holds what, and what must be matched first. */
import { NFT_CT, NFT_META } from './constants.js';
import { encodeValue } from './data-types.js';
import {
  type Expression,
  type Lookup,
  REJECT_REASONS,
  type Reject,
  type SetMark,
  type UpdateSet,
  type VerdictMap,
} from './expression.js';
import type { Family } from './family.js';
import { defaultReason } from './headers.js';
import { LinearRule } from './linear-rule.js';
import { linearizeNat, linearizeNatToSelf } from './linearize-nat.js';
import { linearizeSimple } from './linearize-simple.js';
import { registerAt, VERDICT_REGISTER } from './registers.js';

/**
 * The kernel's expressions for those of a rule, and its anonymous sets, numbered by `nextId`. Throws SpecError for what a rule
 * of this family cannot have.
 */
export function linearize(
  family: Family,
  expressions: readonly Expression[],
  nextId: () => number,
): Pick<LinearRule, 'expressions' | 'sets'> {
  const rule = new LinearRule(family, nextId);
  for (const expression of expressions) add(rule, expression);
  return { expressions: rule.expressions, sets: rule.sets };
}

function add(rule: LinearRule, expression: Expression): void {
  switch (expression.kind) {
    case 'match':
      rule.match(expression);
      break;
    case 'lookup':
      addLookup(rule, expression);
      break;
    case 'vmap':
      addVerdictMap(rule, expression);
      break;
    case 'snat':
    case 'dnat':
      linearizeNat(rule, expression);
      break;
    case 'masquerade':
    case 'redirect':
      linearizeNatToSelf(rule, expression);
      break;
    case 'add':
    case 'update':
      addUpdate(rule, expression);
      break;
    case 'set mark':
      addMark(rule, expression);
      break;
    case 'reject':
      addReject(rule, expression);
      break;
    default:
      rule.push(linearizeSimple(expression));
  }
}

function addLookup(rule: LinearRule, { selectors, set, invert }: Lookup): void {
  const elements = typeof set === 'string' ? set : set.map((key) => ({ key }));
  rule.load(selectors);
  const flags = invert ? { flags: 1 } : {};
  rule.push({ name: 'lookup', sreg: registerAt(0), ...rule.setOf(selectors, elements), ...flags });
}

function addVerdictMap(rule: LinearRule, { selectors, map }: VerdictMap): void {
  rule.load(selectors);
  const set = rule.setOf(selectors, map, 'verdict');
  rule.push({ name: 'lookup', sreg: registerAt(0), dreg: VERDICT_REGISTER, ...set });
}

function addUpdate(rule: LinearRule, { selectors, set, timeout, kind }: UpdateSet): void {
  rule.load(selectors);
  const time = timeout === undefined ? {} : { timeout: BigInt(timeout) };
  rule.push({ name: 'dynset', key: registerAt(0), op: kind === 'add' ? 0 : 1, ...time, set });
}

function addMark(rule: LinearRule, { mark, value }: SetMark): void {
  const register = registerAt(0);
  rule.push({ name: 'immediate', dreg: register, data: encodeValue('mark', value, 'value') });
  if (mark === 'meta mark') rule.push({ name: 'meta', key: NFT_META.MARK, sreg: register });
  else rule.push({ name: 'ct', key: NFT_CT.MARK, sreg: register });
}

function addReject(rule: LinearRule, { with: reason }: Reject): void {
  const found = reason ?? defaultReason(rule.headers);
  const [word] = found.split(' ');
  if (word === 'tcp') rule.need('tcp');
  if (reason !== undefined && word === 'icmp') rule.need('ip');
  if (reason !== undefined && word === 'icmpv6') rule.need('ip6');
  rule.push({ name: 'reject', ...REJECT_REASONS[found] });
}
