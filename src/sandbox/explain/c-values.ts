/** Arguments as expressions of C. Pointers go to compound literals, so that a call stands in one statement. */
import { AT } from '../../syscalls/constants.js';
import type { Argument, ResultReference } from '../../syscalls/plan.js';
import type { ArgumentFormat } from '../../syscalls/table.js';
import { bpfInstructions } from './bpf.js';
import { flagSet, nameFlags, youngNumber } from './flag-sets.js';
import { quoteC } from './quote.js';
import type { Explained } from './run-time.js';
import { countOf, type Field, memberAt, type Struct, structOf, untilNul } from './structs.js';

/** What the expressions need from the rest of the program. */
export interface Needs {
  readonly headers: Set<string>;
  /** Names that older headers lack, with their numbers. */
  readonly definitions: Map<string, number>;
  /** Memory that calls write into, with its size in bytes. */
  readonly memory: Map<string, number>;
  readonly context: Explained;
}

export function cValue(argument: Argument, format: ArgumentFormat, needs: Needs): string {
  if (argument === null || typeof argument === 'number' || typeof argument === 'bigint') {
    return cNumber(argument ?? 0, format, needs);
  }
  if (typeof argument === 'string') return quoteC(argument);
  if (argument instanceof Uint8Array || 'words' in argument) return cMemory(argument, format, needs);
  if ('memory' in argument) {
    needs.memory.set(argument.memory, argument.size);
    return memoryName(argument.memory);
  }
  if ('text' in argument) {
    const [before, reference, after] = argument.text;
    const pattern = argument.fill === '0' ? '%010ld' : '%ld';
    const format = [before, after]
      .map((part) => quoteC(part.replaceAll('%', '%%')).slice(1, -1))
      .join(pattern);
    return `text("${format}", ${resultVariable(reference, needs.context)})`;
  }
  if ('cell' in argument) return `${memoryName(argument.cell)}[${argument.at / 4}]`;
  return resultVariable(argument, needs.context);
}

/** `pid_init` for a child, `got_file` for another result. */
export function resultVariable({ result }: ResultReference, { byId }: Explained): string {
  return `${byId.get(result)?.kind === 'fork' ? 'pid' : 'got'}_${identifier(result)}`;
}

export const memoryName = (name: string): string => `mem_${identifier(name)}`;

const identifier = (name: string): string => name.replaceAll(/[^A-Za-z0-9]/g, '_');

function cNumber(value: number | bigint, format: ArgumentFormat, needs: Needs): string {
  if (format.startsWith('flags:')) return cFlags(format.slice(6), value, needs);
  if (format === 'octal') return value === 0 ? '0' : `0${value.toString(8)}`;
  if (format === 'dirfd' && Number(BigInt.asIntN(32, BigInt(value))) === AT.FDCWD) return 'AT_FDCWD';
  if (format === 'fd' || format === 'id' || format === 'dirfd')
    return String(BigInt.asIntN(32, BigInt(value)));
  const pointer =
    format === 'text' || format === 'path' || format === 'address' || format.startsWith('struct:');
  if (pointer && (value === 0 || value === 0n)) return 'NULL';
  return integer(value);
}

/** Wide numbers are unsigned, as the kernel's flags are. */
function integer(value: number | bigint): string {
  return value > 0x7fff_ffff || value < -0x8000_0000
    ? `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}UL`
    : `${value}`;
}

export function cFlags(name: string, value: number | bigint, needs: Needs): string {
  const set = flagSet(name);
  const { names, rest } = nameFlags(name, value, needs.context.architecture);
  if (names.length > 0 && set.header !== '') needs.headers.add(set.header);
  for (const flag of names) {
    const number = youngNumber(set, flag);
    if (number !== undefined) needs.definitions.set(flag, number);
  }
  const other = rest === undefined ? [] : [integer(rest)];
  return [...names, ...other].join(' | ') || '0';
}

function cMemory(
  argument: Uint8Array | { readonly words: readonly Argument[] },
  format: ArgumentFormat,
  needs: Needs,
): string {
  const struct = format.startsWith('struct:') ? structOf(format.slice(7)) : undefined;
  if (struct?.type !== undefined) return cStruct(argument, struct, needs);
  if (argument instanceof Uint8Array) return quoteC(argument);
  return `(uint64_t[]){${argument.words.map((word) => cWord(word, needs)).join(', ')}}`;
}

function cWord(word: Argument, needs: Needs): string {
  const text = cValue(word, 'number', needs);
  return word === null || typeof word === 'number' || typeof word === 'bigint' ? text : `(uint64_t)${text}`;
}

function cStruct(argument: Argument, struct: Struct, needs: Needs): string {
  if (struct.header !== undefined) needs.headers.add(struct.header);
  if (struct === structOf('sockfilter')) {
    needs.headers.add('linux/seccomp.h');
    return `(struct sock_filter[]){${bpfInstructions(argument, ' | ').join(', ')}}`;
  }
  const count = countOf(struct, argument);
  const rows = Array.from({ length: count }, (_, i) =>
    cRow({ argument, from: i * struct.size }, struct, needs),
  );
  if (struct.array) return `(${struct.type}[]){${rows.join(', ')}}`;
  return `&(${struct.type})${rows.join('')}`;
}

function cRow(place: { argument: Argument; from: number }, struct: Struct, needs: Needs): string {
  const members = struct.fields.flatMap((field) => {
    const value = memberAt(place.argument, field.at + place.from, field.size) ?? 0;
    // C sets what is not named to zero
    if (value === 0 && !struct.bare) return [];
    const text = cMember(value, field, needs);
    return [struct.bare ? text : `.${field.name} = ${text}`];
  });
  if (struct.bare) return members.join('');
  return `{${members.join(', ') || '0'}}`;
}

function cMember(value: Argument, field: Field, needs: Needs): string {
  const format = field.format === 'capabilities' ? 'number' : field.format;
  if (value instanceof Uint8Array && format === 'text') return quoteC(untilNul(value));
  const text = cValue(value, format, needs);
  return format === 'address' && value !== null && typeof value === 'object' ? `(uintptr_t)${text}` : text;
}
