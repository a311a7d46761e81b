/**
 * What the caller gave this process, also where it is no UTF-8: Node and Bun have lost that, the kernel has it. proc(5) shows
 * arguments and environment as they were at the start. A process without /proc has what its runtime says.
 */
import { decodeText, REPLACEMENT } from '../foundation/byte-text.js';
import { cString, trySyscall } from './binding.js';
import { AT } from './constants.js';
import { readFileBytes } from './files.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** The last arguments of this process, which the runtime says are these. */
export function givenArguments(args: readonly string[]): readonly string[] {
  if (!args.some(isLossy)) return args;
  const all = textsOf('cmdline')?.slice(-args.length);
  // A runtime that is told to have another title writes it over them.
  return all?.length === args.length && args.every((text, i) => isLossy(text) || text === all[i])
    ? all
    : args;
}

/** The environment, copied. */
export function givenEnvironment(): Environment {
  const variables = { ...process.env };
  for (const name in variables)
    if (isLossy(name) || isLossy(variables[name] ?? '')) return exactEnvironment() ?? variables;
  return variables;
}

/** The environment where it is no text; undefined where process.env is all of it. */
export function environmentBeyondText(): Environment | undefined {
  const lossy = Object.entries(process.env).some(([name, value = '']) => isLossy(name) || isLossy(value));
  return lossy ? exactEnvironment() : undefined;
}

/** Throws what process.cwd() throws where the directory has been removed. */
export function workingDirectory(): string {
  const path = process.cwd();
  if (!isLossy(path)) return path;
  const target = Buffer.alloc(4096);
  const size = trySyscall('readlinkat', AT.FDCWD, cString('/proc/self/cwd'), target, target.length);
  return size > 0 ? decodeText(target.subarray(0, size)) : path;
}

const isLossy = (text: string): boolean => text.includes(REPLACEMENT);

function exactEnvironment(): Environment | undefined {
  const variables = textsOf('environ')?.filter((text) => text.includes('='));
  if (!variables) return undefined;
  return Object.fromEntries(
    variables.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
  );
}

/** A file of texts that each end with a NUL. */
function textsOf(file: 'cmdline' | 'environ'): string[] | undefined {
  try {
    return decodeText(readFileBytes(`/proc/self/${file}`))
      .split('\0')
      .slice(0, -1);
  } catch {
    return undefined;
  }
}
