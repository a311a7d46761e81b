/** Arguments as strace(1) shows them; what is known only at run time by name: `<pid of init>`. */
import { AT, CAPABILITIES, LAST_SIGNAL, O, SIGNALS } from '../../syscalls/constants.js';
import type { Argument } from '../../syscalls/plan.js';
import type { ArgumentFormat } from '../../syscalls/table.js';
import { bpfInstructions } from './bpf.js';
import { nameFlags } from './flag-sets.js';
import { quoteC } from './quote.js';
import { cellName, type Explained, resultName } from './run-time.js';
import { countOf, type Field, memberAt, type Struct, structOf, untilNul } from './structs.js';

/** Longer texts are cut; their beginning says what they are. */
const TEXT_LIMIT = 400;

export function straceValue(argument: Argument, format: ArgumentFormat, context: Explained): string {
  if (argument === null || typeof argument === 'number' || typeof argument === 'bigint') {
    return straceNumber(argument ?? 0, format, context);
  }
  if (typeof argument === 'string') return quoteC(argument, TEXT_LIMIT);
  if (argument instanceof Uint8Array || 'words' in argument) return straceMemory(argument, format, context);
  if ('memory' in argument) return outputMemory(argument, format);
  if ('text' in argument) {
    const [before, reference, after] = argument.text;
    return (
      quoteC(before).slice(0, -1) + shownReference(resultName(reference, context)) + quoteC(after).slice(1)
    );
  }
  return shownReference('cell' in argument ? cellName(argument) : resultName(argument, context));
}

const shownReference = (name: string): string => `<${name}>`;

/** What a call writes: pipe2(2) and socketpair(2) give two descriptors. */
function outputMemory({ memory }: { memory: string }, format: ArgumentFormat): string {
  return format === 'struct:pair' ? `[<${memory}[0]>, <${memory}[1]>]` : `<${memory}>`;
}

const NUMBERS: Partial<Record<ArgumentFormat, (value: number | bigint) => string>> = {
  number: String,
  id: (value) => String(BigInt.asIntN(32, BigInt(value))),
  fd: (value) => String(BigInt.asIntN(32, BigInt(value))),
  dirfd: (value) => (BigInt.asIntN(32, BigInt(value)) === BigInt(AT.FDCWD) ? 'AT_FDCWD' : String(value)),
  octal: (value) => `0${value.toString(8).padStart(2, '0')}`,
};

function straceNumber(value: number | bigint, format: ArgumentFormat, context: Explained): string {
  const print = NUMBERS[format];
  if (print) return print(value);
  if (format.startsWith('flags:')) return straceFlags(format.slice(6), value, context);
  return value === 0 || value === 0n ? 'NULL' : `0x${value.toString(16)}`;
}

export function straceFlags(set: string, value: number | bigint, { architecture }: Explained): string {
  const { names, rest } = nameFlags(set, value, architecture);
  if (rest === undefined) return names.join('|') || '0';
  if (set === 'limit') return rest > 1024n && rest % 1024n === 0n ? `${rest / 1024n}*1024` : `${rest}`;
  return [...names, `0x${rest.toString(16)}`].join('|');
}

function straceMemory(
  argument: Uint8Array | { readonly words: readonly Argument[] },
  format: ArgumentFormat,
  context: Explained,
): string {
  if (format.startsWith('struct:')) return straceStruct(argument, format.slice(7), context);
  if (argument instanceof Uint8Array) return quoteC(argument, TEXT_LIMIT);
  return `[${argument.words.map((word) => straceValue(word, 'number', context)).join(', ')}]`;
}

/** One struct of an array, or the only one. */
interface Row {
  readonly argument: Argument;
  readonly from: number;
}

function straceStruct(argument: Argument, name: string, context: Explained): string {
  if (name === 'sigset') return signalSet(memberAt(argument, 0, 8));
  if (name === 'sockfilter') return `[${bpfInstructions(argument, '|').join(', ')}]`;
  const struct = structOf(name);
  const rows: string[] = [];
  for (let i = 0; i < countOf(struct, argument); i++)
    rows.push(straceRow({ argument, from: i * struct.size }, struct, context));
  return struct.array ? `[${rows.join(', ')}]` : rows.join('');
}

function straceRow({ argument, from }: Row, struct: Struct, context: Explained): string {
  const members = struct.fields.flatMap((field) => {
    const text = straceMember(argument, { ...field, at: field.at + from }, context);
    if (text === undefined) return [];
    return [struct.bare ? text : `${field.name}=${text}`];
  });
  return struct.bare ? members.join('') : `{${members.join(', ')}}`;
}

function straceMember(argument: Argument, field: Field, context: Explained): string | undefined {
  const value = memberAt(argument, field.at, field.size) ?? 0;
  if (field.format === 'capabilities') return capabilitySet(argument, field);
  if (field.optional && (value === 0 || (field.name === 'mode' && !creates(argument)))) return undefined;
  if (value instanceof Uint8Array && field.format === 'text') return quoteC(untilNul(value));
  const shown = straceValue(value, field.format, context);
  return field.name === 'propagation' && shown === '0' ? '0 /* MS_??? */' : shown;
}

const creates = (argument: Argument): boolean => (Number(memberAt(argument, 0, 8)) & O.CREAT) !== 0;

function capabilitySet(argument: Argument, { at, high = at + 12 }: Field): string {
  const low = BigInt(Number(memberAt(argument, at, 4) ?? 0));
  const set = low | (BigInt(Number(memberAt(argument, high, 4) ?? 0)) << 32n);
  return (
    CAPABILITIES.flatMap((name, bit) => ((set >> BigInt(bit)) & 1n ? [`1<<CAP_${name}`] : [])).join('|') ||
    '0'
  );
}

/** `[INT TERM]`; a set of more than half of all signals as those that are missing from it: `~[]`. */
function signalSet(mask: Argument | undefined): string {
  const set = BigInt(typeof mask === 'bigint' ? mask : Number(mask ?? 0));
  const names = new Map<number, string>(
    Object.entries(SIGNALS).map(([name, number]) => [number, name.slice(3)]),
  );
  const numbers = Array.from({ length: LAST_SIGNAL }, (_, i) => i + 1);
  const inside = numbers.filter((number) => (set >> BigInt(number - 1)) & 1n);
  const few = inside.length <= LAST_SIGNAL / 2;
  const listed = few ? inside : numbers.filter((number) => !inside.includes(number));
  return `${few ? '' : '~'}[${listed.map((n) => names.get(n) ?? `RT_${n - 32}`).join(' ')}]`;
}
