import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as encoders from '../../src/rtnetlink/index.js';

const library = new URL('../../dist/library/index.js', import.meta.url).href;

/** What only makes requests of the kernel's messages, or reads them, as data: that works anywhere. */
const pure = new Set(Object.keys(encoders).filter((name) => !/^(addTunTap$|monitor)/.test(name)));

/** What they are called with, where that is not a command, or nothing. */
const parameters = {
  addTunTap: [{ name: 'tap0', mode: 'tap' }],
  'Namespace.open': ['/proc/self/ns/net'],
  'Namespace.kept': ['nobody-has-this', 'net'],
  'Namespace.release': ['nobody-has-this', 'net'],
  'Network.create': [{ name: 'web' }],
  'Network.open': ['web'],
};

/** Calls every exported function and static method in a process that believes to be on another machine, and prints what it threw. */
const callEverything = `
  Object.defineProperty(process, 'platform', { value: process.argv[1] });
  Object.defineProperty(process, 'arch', { value: process.argv[2] });
  const library = await import(${JSON.stringify(library)});
  const { monitorRuleset, NftablesSocket } = library.nftables;
  const exported = { ...library, 'nftables.monitorRuleset': monitorRuleset, 'nftables.NftablesSocket': NftablesSocket };
  const isClass = (value) => /^class\\b/.test(Function.prototype.toString.call(value));
  const calls = [];
  for (const [name, value] of Object.entries(exported)) {
    if (typeof value !== 'function') continue;
    if (!isClass(value)) calls.push([name, value]);
    else for (const method of Object.getOwnPropertyNames(value))
      if (typeof value[method] === 'function') calls.push([name + '.' + method, value[method].bind(value)]);
  }
  const parameters = ${JSON.stringify(parameters)};
  const outcomes = {};
  for (const [name, call] of calls) {
    try {
      await call(...(parameters[name] ?? [['true'], {}]));
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

/** Of what there is to call at least these, or nothing was. */
const CALLED = [
  ...['run', 'spawn', 'explain', 'addTunTap', 'monitorLinks', 'nftables.monitorRuleset'],
  ...['Namespace.open', 'Namespace.release', 'Network.create', 'Network.sweep'],
  ...['RouteSocket.open', 'nftables.NftablesSocket.open'],
];

const otherMachines = [
  { platform: 'darwin', arch: 'arm64', names: /darwin|macOS/ },
  { platform: 'win32', arch: 'x64', names: /win32|Windows/ },
  { platform: 'linux', arch: 'riscv64', names: /riscv64/ },
];

for (const { platform, arch, names } of otherMachines) {
  test(`on ${platform} ${arch} the import succeeds and every call throws one clear UnsupportedError`, () => {
    const outcomes = outcomesOn(platform, arch);
    for (const name of CALLED) {
      assert.ok(name in outcomes, `${name} was not called`);
    }
    for (const [name, outcome] of Object.entries(outcomes).filter(([each]) => !pure.has(each))) {
      assert.equal(outcome.name, 'UnsupportedError', `${name}: ${JSON.stringify(outcome)}`);
      assert.equal(outcome.code, 'ERR_UNSUPPORTED');
      assert.match(outcome.message ?? '', names, `${name} does not name the machine it is on`);
      assert.match(outcome.message ?? '', /Linux/, `${name} does not say what it needs`);
    }
  });
}
