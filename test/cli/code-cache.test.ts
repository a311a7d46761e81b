/** The command line starts with what V8 has compiled of it before, and as well without that. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Script } from 'node:vm';

const root = new URL('../..', import.meta.url).pathname;
const scratch = mkdtempSync(join(tmpdir(), 'isol8-cache-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A command line of its own, as this Node compiles it. */
const folder = join(scratch, 'dist/cli');
const isCache = (name: string): boolean => name.endsWith('.cache');
cpSync(join(root, 'dist/cli'), folder, { recursive: true, filter: (path) => !isCache(path) });
symlinkSync(join(root, 'prebuilds'), join(scratch, 'prebuilds'));
const made = spawnSync(process.execPath, [join(root, 'scripts/compile/code-cache.mjs'), folder], {
  encoding: 'utf8',
});
const [name = 'none'] = readdirSync(folder).filter(isCache);
const cache = join(folder, name);

function isol8(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--', join(folder, 'main.js'), ...args], { encoding: 'utf8' });
}

test('what is compiled is taken by the Node that has compiled it', () => {
  assert.equal(made.status, 0, made.stderr);
  const source = readFileSync(join(folder, 'command.js'), 'latin1');
  const { cachedDataRejected } = new Script(source, { cachedData: readFileSync(cache) });
  assert.equal(cachedDataRejected, false);
});

test('the program starts with it', () => {
  const hook = join(scratch, 'tell.cjs');
  writeFileSync(
    hook,
    `const vm = require('node:vm');
    vm.Script = class extends vm.Script {
      constructor(source, options) {
        super(source, options);
        console.error(options.filename, this.cachedDataRejected);
      }
    };`,
  );
  const program = ['--require', hook, '--', join(folder, 'main.js'), '--version'];
  const { stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8' });
  assert.match(stdout, /^isol8 \d/);
  assert.equal(stderr, `${join(folder, 'command.js')} false\n`);
});

test('without it, or with something else in its place, the command line starts as well', () => {
  const whole = readFileSync(cache);
  for (const content of [whole.subarray(0, whole.length / 2), Buffer.alloc(whole.length), Buffer.alloc(0)]) {
    writeFileSync(cache, content);
    const { status, stdout, stderr } = isol8('run', '--help');
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /isol8 run/);
  }
  rmSync(cache);
  assert.match(isol8('--version').stdout, /^isol8 \d/);
  const { status, stderr } = isol8('run', '--nonsense');
  assert.equal(status, 125);
  assert.match(stderr, /^isol8 run: .*nonsense/);
});
