import { NFT_CMP } from './constants.js';
import { dataType, decodeValue } from './data-types.js';
import type { Reading, Words } from './delinearize.js';
import type { Match, Operator } from './expression.js';
import type { Headers } from './headers.js';
import type { KernelExpression, KernelExpressionOf } from './kernel-expression.js';
import { type Operand, operandValue, prefixLength, swapped } from './operand.js';
import { isWhole, type Loaded, readLoad } from './read-load.js';
import { slotOf } from './registers.js';
import { type Selector, selectorOf } from './selectors.js';

type Cmp = KernelExpressionOf<'cmp'>;

const OPERATORS: Readonly<Record<number, Operator | 'equal'>> = {
  [NFT_CMP.EQ]: 'equal',
  [NFT_CMP.NEQ]: '!=',
  [NFT_CMP.LT]: '<',
  [NFT_CMP.LTE]: '<=',
  [NFT_CMP.GT]: '>',
  [NFT_CMP.GTE]: '>=',
};

/** One thing loaded and compared: with a value, a prefix, bits, or both ends of a range. */
export function readMatch(expressions: readonly KernelExpression[], { headers }: Reading): Words | undefined {
  const loaded = readLoad(expressions[0], headers);
  if (loaded === undefined) return neighbours(expressions, headers);
  const [, second, third, fourth] = expressions;
  if (second?.name === 'bitwise') return words(3, masked(loaded, second, cmpOf(third, loaded)));
  if (second?.name === 'byteorder') {
    if (!turnsWhole(second, loaded)) return undefined;
    return ordered(loaded, [third, fourth], { before: 2, turned: true });
  }
  return (
    ordered(loaded, [second, third], { before: 1, turned: false }) ??
    words(2, compared(loaded, cmpOf(second, loaded)))
  );
}

/** Several fields that are neighbours in the packet, loaded and compared as one: what nft(8) makes of them. */
function neighbours([load, cmp]: readonly KernelExpression[], headers: Headers): Words | undefined {
  if (load?.name !== 'payload' || cmp?.name !== 'cmp' || cmp.op !== NFT_CMP.EQ) return undefined;
  const { dreg, length = 0, offset = 0 } = load;
  const { sreg, data } = cmp;
  if (data?.length !== length || slotOf(dreg ?? 0) === undefined || slotOf(sreg ?? 0) !== slotOf(dreg ?? 0))
    return undefined;
  const matches: Match[] = [];
  for (let at = 0; at < length; ) {
    const field = readField({ ...load, offset: offset + at }, length - at, headers);
    if (field === undefined) return undefined;
    const value = decodeValue(selectorOf(field.selector).type, data.subarray(at, at + field.size));
    matches.push(matchOf(field.selector, 'equal', value));
    at += field.size;
  }
  return { used: 2, expressions: matches, selectors: matches.map(({ selector }) => selector) };
}

/** The field that begins there and has at most so many bytes. */
function readField(load: KernelExpression, room: number, headers: Headers): Loaded | undefined {
  for (const length of [16, 6, 4, 2, 1]) {
    const loaded = length <= room ? readLoad({ ...load, length } as KernelExpression, headers) : undefined;
    if (loaded !== undefined && isWhole(loaded)) return loaded;
  }
  return undefined;
}

function words(used: number, match: Match | undefined): Words | undefined {
  return match === undefined ? undefined : { used, expressions: [match], selectors: [match.selector] };
}

function cmpOf(expression: KernelExpression | undefined, { slot }: Loaded): Cmp | undefined {
  return expression?.name === 'cmp' && slotOf(expression.sreg ?? 0) === slot ? expression : undefined;
}

function matchOf(selector: Selector, op: Operator | 'equal', value: Match['value']): Match {
  return { kind: 'match', selector, ...(op === 'equal' ? {} : { op }), value };
}

/** Equal and not equal; of addresses also the whole bytes of a prefix, of names also the beginning. */
function compared(loaded: Loaded, found: Cmp | undefined): Match | undefined {
  const op = OPERATORS[found?.op ?? -1];
  const { selector, size } = loaded;
  const { type } = selectorOf(selector);
  const { basis, bits } = dataType(type);
  const data = found?.data;
  if ((op !== 'equal' && op !== '!=') || data === undefined) return undefined;
  if (basis === 'name') return isWhole(loaded) ? comparedName(selector, op, data) : undefined;
  if (data.length !== size || (bits && op === 'equal')) return undefined;
  if (isWhole(loaded)) return matchOf(selector, op, decodeValue(type, data));
  const address = Buffer.concat([data, Buffer.alloc(dataType(type).size - size)]);
  return matchOf(selector, op, `${decodeValue(type, address)}/${8 * size}`);
}

function comparedName(selector: Selector, op: Operator | 'equal', data: Buffer): Match | undefined {
  const end = data.indexOf(0);
  const text = data.toString('utf8', 0, end < 0 ? data.length : end);
  if (text === '' || !Buffer.from(text).equals(end < 0 ? data : data.subarray(0, end))) return undefined;
  if (end < 0) return data.length < 16 ? matchOf(selector, op, `${text}*`) : undefined;
  if (data.length !== 16 || data.subarray(end).some((byte) => byte !== 0)) return undefined;
  return matchOf(selector, op, text.replace(/\*$/, '\\*'));
}

/** `& mask` and a comparison: a prefix that is not whole bytes, or bits of which one must be there. */
function masked(
  loaded: Loaded,
  bitwise: KernelExpressionOf<'bitwise'>,
  found: Cmp | undefined,
): Match | undefined {
  const { mask, xor, op = 0, length, sreg, dreg } = bitwise;
  const { selector, size, slot } = loaded;
  const { type } = selectorOf(selector);
  const data = found?.data;
  const plain = op === 0 && slotOf(sreg ?? 0) === slot && slotOf(dreg ?? 0) === slot && isWhole(loaded);
  if (!plain || mask?.length !== size || length !== size || data?.length !== size) return undefined;
  if (xor === undefined || xor.some((byte) => byte !== 0)) return undefined;
  const operator = OPERATORS[found?.op ?? -1];
  if (dataType(type).bits) {
    const some = operator === '!=' && data.every((byte) => byte === 0) && mask.some((byte) => byte !== 0);
    return some ? matchOf(selector, 'equal', decodeValue(type, mask)) : undefined;
  }
  const { basis } = dataType(type);
  const prefix = basis === 'ipv4' || basis === 'ipv6' ? prefixLength(mask) : undefined;
  if (prefix === undefined || prefix % 8 === 0 || (operator !== 'equal' && operator !== '!='))
    return undefined;
  if (data.some((byte, i) => (byte & ~(mask[i] ?? 0)) !== 0)) return undefined;
  return matchOf(selector, operator, `${decodeValue(type, data)}/${prefix}`);
}

/** Numbers of the machine are compared by size only once they are in network order. */
function turnsWhole(
  { op, length, size, sreg, dreg }: KernelExpressionOf<'byteorder'>,
  loaded: Loaded,
): boolean {
  const { basis, bits } = dataType(selectorOf(loaded.selector).type);
  const inPlace = slotOf(sreg ?? 0) === loaded.slot && slotOf(dreg ?? 0) === loaded.slot;
  return op === 1 && inPlace && length === loaded.size && size === loaded.size && basis === 'host' && !bits;
}

/** Smaller, larger, in a range, outside of one. */
function ordered(
  loaded: Loaded,
  [first, second]: readonly (KernelExpression | undefined)[],
  { before, turned }: { before: number; turned: boolean },
): Words | undefined {
  const { selector, size } = loaded;
  const { basis, bits } = dataType(selectorOf(selector).type);
  if (!isWhole(loaded) || bits || basis === 'name' || (basis === 'host') !== turned) return undefined;
  const right = (bytes: Buffer): Buffer => (turned ? swapped(bytes) : bytes);
  if (first?.name === 'range') {
    const { from, to, op } = first;
    if (op !== 1 || slotOf(first.sreg ?? 0) !== loaded.slot) return undefined;
    return words(before + 1, inRange(selector, size, '!=', from && right(from), to && right(to)));
  }
  const [low, high] = [cmpOf(first, loaded), cmpOf(second, loaded)];
  const op = OPERATORS[low?.op ?? -1];
  if (op === '>=' && high?.op === NFT_CMP.LTE) {
    const range = inRange(
      selector,
      size,
      'equal',
      low?.data && right(low.data),
      high.data && right(high.data),
    );
    if (range !== undefined) return words(before + 2, range);
  }
  if (op === undefined || op === 'equal' || op === '!=' || low?.data?.length !== size) return undefined;
  return words(before + 1, matchOf(selector, op, decodeValue(selectorOf(selector).type, right(low.data))));
}

function inRange(
  selector: Selector,
  size: number,
  op: Operator | 'equal',
  from: Buffer | undefined,
  to: Buffer | undefined,
): Match | undefined {
  if (from?.length !== size || to?.length !== size) return undefined;
  const { type } = selectorOf(selector);
  const operand: Operand = { from, to };
  const [low, high] = dataType(type).basis === 'host' ? [swapped(from), swapped(to)] : [from, to];
  if (Buffer.compare(low, high) >= 0) return undefined;
  return matchOf(selector, op, operandValue(type, operand, false));
}
