import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { currentArchitecture } from '../../src/syscalls/architecture.js';
import { compileC, has, withFolder } from './compiled.js';
import { seedPlans } from './seeds.js';

const SOURCES = ['plan', 'run', 'supervise'].map((name) => `native/launcher/${name}.c`);
const SANITIZED = [
  ...['-std=gnu11', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-Inative/include', '-Inative/launcher'],
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

const INPUTS = 240_000;

describe('the launcher on damaged plans', () => {
  it(`reads and writes nothing outside and always ends, for ${INPUTS} of them`, { skip: missing }, () =>
    withFolder((folder) => {
      const program = join(folder, 'fuzz');
      compileC(compiler as string, [...SANITIZED, ...SOURCES, 'test/native/fuzz.c', '-o', program]);
      const seeds = seedPlans(currentArchitecture()).map((bytes, index) => {
        const path = join(folder, `plan-${index}`);
        writeFileSync(path, bytes);
        return path;
      });
      const seed = process.env.ISOL8_FUZZ_SEED ?? `${Date.now()}`;
      const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0', UBSAN_OPTIONS: 'print_stacktrace=1' };
      const ran = spawnSync(program, [seed, `${INPUTS}`, ...seeds], { encoding: 'utf8', env });
      assert.equal(ran.signal, null, `ISOL8_FUZZ_SEED=${seed}: ${ran.stderr}`);
      assert.equal(ran.status, 0, `ISOL8_FUZZ_SEED=${seed}: ${ran.stderr}`);
      const [, taken, refused] = /^(\d+) taken, (\d+) refused\n$/.exec(ran.stdout) ?? [];
      // both kinds, or little was tested
      assert.ok(Number(taken) > INPUTS / 10, ran.stdout);
      assert.ok(Number(refused) > INPUTS / 10, ran.stdout);
    }),
  );
});
