import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as encoders from '../../src/rtnetlink/index.js';

const library = new URL('../../dist/library/index.js', import.meta.url).href;

/** What only makes requests of the kernel's messages, as data: that works anywhere. */
const pure = new Set(Object.keys(encoders));

/** Calls every exported function in a process that believes to be on another machine, and prints what it threw. */
const callEverything = `
  Object.defineProperty(process, 'platform', { value: process.argv[1] });
  Object.defineProperty(process, 'arch', { value: process.argv[2] });
  const library = await import(${JSON.stringify(library)});
  const outcomes = {};
  for (const [name, exported] of Object.entries(library)) {
    if (typeof exported !== 'function' || /^class\\b/.test(Function.prototype.toString.call(exported))) continue;
    try {
      await exported(['true'], {});
      outcomes[name] = { name: 'nothing' };
    } catch (error) {
      outcomes[name] = { name: error.name, code: error.code, message: error.message };
    }
  }
  process.stdout.write(JSON.stringify(outcomes));
`;

type Outcomes = Record<string, { name: string; code?: string; message?: string }>;

function outcomesOn(platform: string, arch: string): Outcomes {
  // No tsx here: its compiler would look for its own program for the pretended system.
  const parameters = ['--input-type=module', '-e', callEverything, platform, arch];
  const { status, stdout, stderr } = spawnSync(process.execPath, parameters, {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    encoding: 'utf8',
    timeout: 100_000,
  });
  assert.equal(status, 0, `the import failed: ${stderr}`);
  return JSON.parse(stdout);
}

const otherMachines = [
  { platform: 'darwin', arch: 'arm64', names: /darwin|macOS/ },
  { platform: 'win32', arch: 'x64', names: /win32|Windows/ },
  { platform: 'linux', arch: 'riscv64', names: /riscv64/ },
];

for (const { platform, arch, names } of otherMachines) {
  test(`on ${platform} ${arch} the import succeeds and every call throws one clear UnsupportedError`, () => {
    const outcomes = outcomesOn(platform, arch);
    for (const name of ['run', 'spawn', 'explain']) {
      assert.ok(name in outcomes, `${name} is not exported`);
    }
    for (const [name, outcome] of Object.entries(outcomes).filter(([each]) => !pure.has(each))) {
      assert.equal(outcome.name, 'UnsupportedError', `${name}: ${JSON.stringify(outcome)}`);
      assert.equal(outcome.code, 'ERR_UNSUPPORTED');
      assert.match(outcome.message ?? '', names, `${name} does not name the machine it is on`);
      assert.match(outcome.message ?? '', /Linux/, `${name} does not say what it needs`);
    }
  });
}
