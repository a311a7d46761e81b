/** C programs of the tests: which compilers there are, and where what they make is put. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const has = (tool: string, ...args: string[]): boolean => spawnSync(tool, args).status === 0;

/** A folder of its own, for several tests. */
export function createFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'isol8-native-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A folder of its own that goes away with the test. */
export function withFolder<T>(body: (folder: string) => T): T {
  const { path, remove } = createFolder();
  try {
    return body(path);
  } finally {
    remove();
  }
}

/** Throws with the compiler's own words. */
export function compileC(compiler: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(compiler, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${compiler} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

export const launcherSources = (): string[] =>
  readdirSync('native/launcher')
    .filter((name) => name.endsWith('.c'))
    .map((name) => `native/launcher/${name}`);

/** As scripts/compile/native.mjs builds the launcher, but for size. */
export const FREESTANDING = [
  ...['-std=c11', '-Os', '-Wall', '-Wextra', '-Werror', '-Inative/include', '-ffreestanding'],
  ...['-fno-stack-protector', '-U_FORTIFY_SOURCE', '-fno-asynchronous-unwind-tables', '-fno-unwind-tables'],
  ...['-fno-pie', '-static', '-nostdlib', '-Wl,--build-id=none', '-Wl,-z,noexecstack'],
];
