import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { currentArchitecture } from '../../src/syscalls/architecture.js';
import { compileC, has, withFolder } from './compiled.js';
import { seedPlans } from './seeds.js';

const SANITIZED = [
  ...['-std=gnu11', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-Inative/include'],
  ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-DISOL8_SYS_STUB'],
];

/** The first compiler that can link sanitizers. */
const compiler = withFolder((folder) => {
  const source = join(folder, 'empty.c');
  writeFileSync(source, 'int main(void) { return 0; }\n');
  const links = (command: string): boolean =>
    has(command, '-fsanitize=address,undefined', source, '-o', join(folder, 'empty'));
  return ['clang', 'gcc', 'cc'].find(links);
});
const missing = compiler === undefined && 'needs clang or gcc with libasan and libubsan';

const seed = process.env.ISOL8_FUZZ_SEED ?? `${Date.now()}`;

/** Builds a program and has it try so many inputs; the numbers that it prints. */
function fuzz(program: string, sources: readonly string[], args: readonly string[]): number[] {
  compileC(compiler as string, [...SANITIZED, ...sources, '-o', program]);
  const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0', UBSAN_OPTIONS: 'print_stacktrace=1' };
  const { status, signal, stdout, stderr } = spawnSync(program, [seed, ...args], { encoding: 'utf8', env });
  assert.deepEqual({ status, signal }, { status: 0, signal: null }, `ISOL8_FUZZ_SEED=${seed}: ${stderr}`);
  return (stdout.match(/\d+/g) ?? []).map(Number);
}

const INPUTS = 240_000;
const LAUNCHER = ['plan', 'run', 'supervise'].map((name) => `native/launcher/${name}.c`);

describe('the launcher on damaged plans', () => {
  it(`reads and writes nothing outside and always ends, for ${INPUTS} of them`, { skip: missing }, () =>
    withFolder((folder) => {
      const seeds = seedPlans(currentArchitecture()).map((bytes, index) => {
        const path = join(folder, `plan-${index}`);
        writeFileSync(path, bytes);
        return path;
      });
      const sources = ['-Inative/launcher', ...LAUNCHER, 'test/native/fuzz.c'];
      const counts = fuzz(join(folder, 'fuzz'), sources, [`${INPUTS}`, ...seeds]);
      // taken and refused: both kinds, or little was tested
      assert.equal(counts.length, 2);
      for (const count of counts) assert.ok(count > INPUTS / 10, `${counts}`);
    }),
  );
});

const LIVES = 60_000;

describe('the sessions of the launch thread', () => {
  const title = 'end once each, kill nobody else and leave nothing open, whatever records and ends come';
  it(`${title}, in ${LIVES} lives`, { skip: missing }, () =>
    withFolder((folder) => {
      const headers = createRequire(import.meta.url)('node-api-headers').include_dir;
      const sources = ['native/addon/sessions.c', 'test/native/sessions.c'];
      const include = ['-Inative/addon', `-I${headers}`];
      const counts = fuzz(join(folder, 'sessions'), [...include, ...sources], [`${LIVES}`]);
      // ended, started and failed
      assert.equal(counts.length, 3);
      for (const count of counts) assert.ok(count > LIVES, `${counts}`);
    }),
  );
});
