/** The arm64 launcher under qemu-user, which refuses new namespaces: everything else that a plan is made of. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Facts } from '../../src/sandbox/facts.js';
import { failureTexts } from '../../src/sandbox/failure.js';
import { AT, O } from '../../src/syscalls/constants.js';
import { encodePlan } from '../../src/syscalls/encode.js';
import type { Plan, Step } from '../../src/syscalls/plan.js';
import { call, exitStep, result } from '../../src/syscalls/steps.js';
import { compileC, createFolder, FREESTANDING, has, launcherSources } from './compiled.js';

const COMPILER = 'aarch64-linux-gnu-gcc';
const QEMU = ['/usr/bin', '/usr/local/bin', '/bin']
  .map((folder) => `${folder}/qemu-aarch64-static`)
  .find((path) => has(path, '--version'));

function missing(): string | false {
  if (!has(COMPILER, '--version'))
    return `needs ${COMPILER} (Debian packages gcc-aarch64-linux-gnu, libc6-dev-arm64-cross)`;
  return QEMU === undefined && 'needs qemu-aarch64-static (Debian package qemu-user-static)';
}

const folder = createFolder();
const launcher = join(folder.path, 'launcher');
const program = join(folder.path, 'program');
let built = false;

function build(): void {
  if (built) return;
  compileC(COMPILER, [...FREESTANDING, '-mno-outline-atomics', ...launcherSources(), '-o', launcher]);
  compileC(COMPILER, ['-static', '-O1', 'test/native/arm64-program.c', '-o', program]);
  built = true;
}

function run(plan: Plan, failures?: Parameters<typeof encodePlan>[2]) {
  build();
  const path = join(folder.path, 'plan');
  writeFileSync(path, encodePlan(plan, 'arm64', failures));
  const fd = openSync(path, 'r');
  try {
    return spawnSync(QEMU as string, [launcher, '3'], {
      stdio: ['ignore', 'pipe', 'pipe', fd],
      encoding: 'utf8',
      timeout: 100_000,
    });
  } finally {
    closeSync(fd);
  }
}

const say = (text: string): Step => call('write', [1, text, Buffer.byteLength(text)], 'say it');
const ALL_SIGNALS = new Uint8Array(8).fill(0xff);
const blockSignals = call('rt_sigprocmask', [0, ALL_SIGNALS, null, 8], 'lose no SIGCHLD');

/** Waits for the child as the last process outside would, and ends as it did. */
const waitFor = (child: string): Step[] => [
  { kind: 'supervise', id: `${child}-status`, child: { result: child }, as: 'waiter', why: 'wait' },
  exitStep(result(`${child}-status`), 'end as the child did'),
];

// the kernel of this machine may not know what to do with an arm64 program, qemu does
const execute: Step = {
  kind: 'exec',
  candidates: ['/nowhere/qemu', QEMU ?? ''],
  argv: ['qemu-aarch64-static', program, 'argument'],
  env: ['A=b'],
  why: 'become the program',
};

after(() => folder.remove());

describe('the arm64 launcher', { skip: missing() }, () => {
  it('runs calls, passes results and cells on, waits for a child, and executes a program in a vfork child', () => {
    const byte = { memory: 'byte', size: 8 } as const;
    const child: Step[] = [
      say('child\n'),
      call('write', [{ cell: 'pipe', at: 4 }, 'x', 1], 'tell the parent', {
        expect: { equals: 1, errno: 'EPIPE' },
      }),
      exitStep(0, 'end'),
    ];
    const { status, signal, stdout, stderr } = run({
      steps: [
        blockSignals,
        call('umask', [0o27], 'set the umask'),
        call('chdir', [folder.path], 'go there'),
        call('pipe2', [{ memory: 'pipe', size: 8 }, O.CLOEXEC], 'hear of the child'),
        { kind: 'fork', call: 'clone', flags: 0, id: 'child', why: 'have a child', child },
        call('read', [{ cell: 'pipe', at: 0 }, byte, 1], 'wait', {
          expect: { equals: 1, errno: 'ECANCELED' },
        }),
        call('wait4', [result('child'), { memory: 'status', size: 4 }, 0, null], 'wait', {
          expect: { equals: 0, cell: { cell: 'status', at: 0 }, errno: 'ECHILD' },
        }),
        call(
          'openat',
          [AT.FDCWD, { text: ['/proc/', { result: 'child' }, '/stat'], fill: '/' }, 0, 0],
          'see that it is gone',
          { tolerate: ['ENOENT'] },
        ),
        say('parent\n'),
        { kind: 'fork', call: 'vfork', flags: 0, id: 'program', why: 'start the program', child: [execute] },
        ...waitFor('program'),
      ],
    });
    assert.equal(signal, null);
    assert.equal(stderr, '');
    assert.equal(stdout, `child\nparent\nprogram argument in ${folder.path}, umask 27, A=b\n`);
    assert.equal(status, 42);
  });

  it('ends with 128 and the signal when one ended the child', () => {
    const kill = call('kill', [result('child'), 9], 'end it');
    const child: Step[] = [call('ppoll', [null, 0, null, null, 0], 'sleep'), exitStep(0, 'end')];
    const fork: Step = { kind: 'fork', call: 'clone', flags: 0, id: 'child', why: 'have a child', child };
    const { status } = run({ steps: [blockSignals, fork, kill, ...waitFor('child')] });
    assert.equal(status, 128 + 9);
  });

  it('says in words which step failed, and ends with 125, or 127 for a program that is not there', () => {
    const facts = { architecture: 'arm64', joins: [], capabilities: 0n } as unknown as Facts;
    const open: Plan = {
      steps: [call('chdir', ['/nowhere'], 'go there', { object: '/nowhere' }), exitStep(0, 'end')],
    };
    const failed = run(open, failureTexts(open, facts));
    assert.equal(failed.status, 125);
    assert.match(failed.stderr, /^isol8: .*\/nowhere: ENOENT/);
    const absent = run({ steps: [{ ...execute, candidates: ['/nowhere/x'] } as Step] });
    assert.equal(absent.status, 127);
  });

  it('refuses a plan for x86-64', () => {
    build();
    const path = join(folder.path, 'foreign');
    writeFileSync(path, encodePlan({ steps: [exitStep(0, 'end')] }, 'x64'));
    const fd = openSync(path, 'r');
    const { status, stderr } = spawnSync(QEMU as string, [launcher, '3'], {
      stdio: ['ignore', 'ignore', 'pipe', fd],
      encoding: 'utf8',
    });
    closeSync(fd);
    assert.equal(status, 125);
    assert.match(stderr, /for another processor/);
  });
});
