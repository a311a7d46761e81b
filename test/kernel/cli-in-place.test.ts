import assert from 'node:assert/strict';
import { type ChildProcess, spawnSync } from 'node:child_process';
import { openSync, readdirSync, readlinkSync } from 'node:fs';
import { describe, it } from 'node:test';
import { skip } from './caller.js';
import {
  descendants,
  eventually,
  isAlive,
  isol8,
  outcomeOf,
  readProc,
  running,
  start,
  stateOf,
} from './cli-program.js';
import { leaveMachineAsItWas } from './machine.js';

leaveMachineAsItWas();

const SLEEP = ['--', 'sleep', '600'];
/** Says each signal that it gets and ends with the seventh, wherever in its loop that comes. */
const LISTENER =
  'n=0; said() { echo $1; n=$((n+1)); test $n -lt 7 || { kill $!; exit 7; }; }; ' +
  'for s in HUP INT QUIT TERM USR1 USR2; do trap "said $s" $s; done; ' +
  'sleep 600 & echo ready; while :; do wait; done';
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** The rest of those that end a process, and can be caught by one that JavaScript runs in. */
const RARE = 'ALRM VTALRM PWR IO XCPU XFSZ ABRT SYS TRAP'.split(' ');
const RARE_LISTENER =
  'for s in "$@"; do trap "echo $s" $s; done; sleep 600 & trap "kill $!; exit 7" TERM; ' +
  'echo ready; while :; do wait; done';

/** Standard output as it grows. */
function listen(child: ChildProcess): () => string {
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  return () => text;
}

describe('the process that was started as isol8 run', { skip }, () => {
  it('has become the launcher, which waits: no JavaScript, less than 1 MiB, one thread', async () => {
    await using program = await running(['run', ...SLEEP], 'sleep');
    assert.match(readlinkSync(`/proc/${program.pid}/exe`), /^\/memfd:isol8/);
    assert.deepEqual(readdirSync(`/proc/${program.pid}/task`), [`${program.pid}`]);
    const status = readProc(`${program.pid}/status`);
    assert.ok(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) < 1024, status);
    const family = descendants(program.pid).map((pid) => readProc(`${pid}/comm`).trim());
    assert.deepEqual(family, ['isol8-init', 'sleep']);
  });

  it('shows neither the command nor the environment in its own command line', async () => {
    await using program = await running(['run', '-e', 'SECRET=hunter2', ...SLEEP], 'sleep');
    const [init] = descendants(program.pid);
    for (const pid of [program.pid, init]) {
      assert.doesNotMatch(readProc(`${pid}/cmdline`) + readProc(`${pid}/environ`), /hunter2|sleep|600/);
    }
  });

  it('is the command itself where there is nothing to wait for', async () => {
    const options = ['--share', 'mnt,uts,ipc,pid,net,user,cgroup,time'];
    const child = start(['run', ...options, ...SLEEP]);
    await eventually(() => readProc(`${child.pid}/comm`) === 'sleep\n', 'the program has its place');
    child.kill('SIGTERM');
    assert.equal((await outcomeOf(child)).signal, 'SIGTERM');
  });

  for (const options of [[], ['--timeout', '1h'], ['-t'], ['--no-init'], ['--share', 'pid']]) {
    it(`passes signals on to the command, each once, with ${options.join(' ') || 'nothing else'}`, async () => {
      const child = start(['run', ...options, '--', 'sh', '-c', LISTENER]);
      const said = listen(child);
      const outcome = outcomeOf(child);
      await eventually(() => said().includes('ready'), 'the command is ready');
      for (const signal of SIGNALS) {
        child.kill(signal);
        await eventually(() => said().includes(signal.slice(3)), `${signal} arrives`);
      }
      const each = said().trim().split(/\s+/);
      assert.deepEqual(each, ['ready', ...SIGNALS.map((signal) => signal.slice(3))]);
      child.kill('SIGUSR1');
      assert.equal((await outcome).status, 7);
    });

    it(`passes the rest of the signals on as well, with ${options.join(' ') || 'nothing else'}`, async () => {
      const names = options.includes('-t') ? RARE : [...RARE, 'PIPE', 'WINCH'];
      const child = start(['run', ...options, '--', 'sh', '-c', RARE_LISTENER, 'sh', ...names]);
      const said = listen(child);
      const outcome = outcomeOf(child);
      await eventually(() => said().includes('ready'), 'the command is ready');
      for (const name of names) {
        child.kill(`SIG${name}` as NodeJS.Signals);
        await eventually(() => said().split(/\s+/).includes(name), `SIG${name} arrives`);
      }
      assert.deepEqual(said().trim().split(/\s+/), ['ready', ...names]);
      child.kill('SIGTERM');
      assert.equal((await outcome).status, 7);
    });

    const leaves = options.includes('pid') ? 'leaves only what the command has started' : 'leaves nothing';
    it(`${leaves} when it is killed by SIGKILL, with ${options.join(' ') || 'nothing else'}`, async () => {
      const script = 'sleep 600 & sleep 601; :'; // or the shell would become the second
      await using program = await running(['run', ...options, '--', 'sh', '-c', script], 'sleep');
      const isSleep = (pid: number): boolean => readProc(`${pid}/comm`) === 'sleep\n';
      await eventually(() => descendants(program.pid).filter(isSleep).length === 2, 'all have started');
      const all = descendants(program.pid);
      program.child.kill('SIGKILL');
      // Without a pid namespace nothing holds those together that the command has started.
      const doomed = options.includes('pid') ? all.filter((pid) => readProc(`${pid}/comm`) === 'sh\n') : all;
      const survivors = all.filter((pid) => !doomed.includes(pid));
      await eventually(() => !doomed.some(isAlive), `${doomed} end`);
      assert.equal(survivors.filter(isAlive).length, options.includes('pid') ? 2 : 0);
      assert.ok(doomed.length > 0);
      for (const pid of survivors) process.kill(pid, 'SIGKILL');
    });
  }

  const ownGroup = ['perl', '-e', 'setpgrp; exec @ARGV'];
  const noPerl = spawnSync('perl', ['-e', '']).status === 0 ? undefined : 'needs perl, for a process group';
  it('stops with the command when it is told to, and both go on again', { skip: noPerl }, async () => {
    await using program = await running(['run', ...SLEEP], 'sleep', { behind: ownGroup });
    program.child.kill('SIGTSTP');
    await eventually(() => stateOf(program.inside) === 'T' && stateOf(program.pid) === 'T', 'both stop');
    program.child.kill('SIGCONT');
    await eventually(() => stateOf(program.inside) === 'S' && stateOf(program.pid) === 'S', 'both go on');
  });

  it('goes on with the command in a process group that nobody could let go on again', async () => {
    await using program = await running(['run', ...SLEEP], 'sleep', { behind: ['setsid'] });
    program.child.kill('SIGTSTP');
    program.child.kill('SIGTERM');
    await eventually(() => !isAlive(program.pid), 'it ends');
  });

  for (const options of [[], ['--share', 'pid'], ['--no-init']]) {
    it(`leaves the command alone when it is killed, with --no-kill-child ${options.join(' ')}`, async () => {
      const program = await running(['run', '--no-kill-child', ...options, ...SLEEP], 'sleep');
      program.child.kill('SIGKILL');
      await eventually(() => !isAlive(program.pid), 'it ends');
      // What would kill it has been delivered by the time that its parent is another one.
      await eventually(
        () => !readProc(`${program.inside}/status`).includes(`PPid:\t${program.pid}\n`),
        'it is adopted',
      );
      assert.ok(isAlive(program.inside));
      process.kill(program.inside, 'SIGKILL');
      await eventually(() => !isAlive(program.inside), 'the command ends');
    });
  }
});

describe('isol8 run --preserve-fds', { skip }, () => {
  const file = openSync('/etc/hostname', 'r');
  const stdio = ['pipe', 'pipe', 'pipe', file, file] as const;

  for (const options of [[], ['--timeout', '1h']]) {
    it(`passes that many descriptors on and no more, ${options.join(' ')}`, async () => {
      const list = ['ls', '-x', '/proc/self/fd'];
      // The last is the directory that ls reads.
      for (const [count, descriptors] of [
        ['0', '0  1  2  3'],
        ['1', '0  1  2  3  4'],
        ['2', '0  1  2  3  4  5'],
      ] as const) {
        const run = ['run', ...options, '--preserve-fds', count, ...list];
        const { stdout, stderr } = await isol8(run, { stdio: [...stdio] });
        assert.deepEqual([stdout.trim(), stderr], [descriptors, '']);
      }
    });

    it(`refuses one that the caller has not opened, rather than pass on the runtime's own, ${options.join(' ')}`, async () => {
      for (const [count, missing] of [
        ['3', 5],
        ['40', 5],
      ] as const) {
        const run = ['run', ...options, '--preserve-fds', count, 'true'];
        const { status, stderr } = await isol8(run, { stdio: [...stdio] });
        assert.equal(stderr, `isol8 run: --preserve-fds: descriptor ${missing} is not open\n`);
        assert.equal(status, 125);
      }
    });
  }
});
