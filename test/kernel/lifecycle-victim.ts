/** Node processes that tests start in order to kill them: a script of this folder, bundled so that it starts fast. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { buildSync } from 'esbuild';

const root = new URL('../..', import.meta.url).pathname;

/** Bundles `test/kernel/NAME.ts`; two folders down from the root, as what looks for prebuilds/ expects. */
export function bundle(name: string): string {
  const outfile = `${root}build/test/${basename(name, '.ts')}-${process.pid}.mjs`;
  buildSync({
    entryPoints: [`${root}test/kernel/${name}`],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  return outfile;
}

export interface Victim {
  readonly pid: number;
  readonly child: ChildProcess;
  /** The next line that it writes; undefined at the end. */
  line(): Promise<string | undefined>;
  readonly gone: Promise<{ code: number | null; signal: string | null }>;
}

/** In a session of its own: what it starts is known by it, however its parents end. */
export function startVictim(
  script: string,
  args: readonly string[] = [],
  under: readonly string[] = [],
): Victim {
  const [program, ...rest] = [...under, process.execPath, script, ...args];
  const child = spawn(program as string, rest, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })[
    Symbol.asyncIterator
  ]();
  return {
    child,
    pid: child.pid as number,
    line: async () => (await lines.next()).value,
    gone: once(child, 'exit').then(([code, signal]) => ({ code, signal })),
  };
}
