import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type Process, run, type SpawnSpec, spawn } from '../../src/index.js';
import { SIGNALS } from '../../src/syscalls/constants.js';
import { isRoot, skip } from './caller.js';
import { descendants, readProc, statOf, until } from './lifecycle-census.js';

const UNCATCHABLE = ['SIGKILL', 'SIGSTOP'];
/** A shell's trap cannot have these: SIGCHLD it needs itself. */
const FORWARDED = Object.keys(SIGNALS).filter(
  (name) => !UNCATCHABLE.includes(name) && name !== 'SIGCHLD',
) as (keyof typeof SIGNALS)[];

interface Talker extends AsyncDisposable {
  readonly child: Process;
  next(): Promise<string>;
}

/** A program that says `up` and then more, line by line. */
async function start(script: string, spec: SpawnSpec = {}): Promise<Talker> {
  const child = await spawn(['sh', '-c', script], spec);
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const next = async (): Promise<string> => {
    while (!text.includes('\n')) await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
    const line = text.slice(0, text.indexOf('\n'));
    text = text.slice(line.length + 1);
    return line;
  };
  assert.equal(await next(), 'up');
  return { child, next, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

const statusOf = (pid: number, field: string): string =>
  new RegExp(`^${field}:\\s*(\\S+)`, 'm').exec(readProc(`${pid}/status`))?.[1] ?? '';

describe('signals', { skip }, () => {
  it('reach the program through PID 1, every one that can be caught', async () => {
    const traps = FORWARDED.map((name) => `trap 'echo ${name}' ${SIGNALS[name]}`).join('; ');
    await using talker = await start(`${traps}; echo up; while :; do sleep 60 & wait $!; done`);
    for (const name of FORWARDED) {
      assert.equal(talker.child.kill(name), true);
      assert.equal(await talker.next(), name);
    }
  });

  it('that end the program are reported by name, and so is what it returns', async () => {
    for (const name of ['SIGTERM', 'SIGKILL', 'SIGSEGV', 'SIGHUP', 'SIGUSR1', 'SIGPIPE'] as const) {
      const { exitCode, signal } = await run(['sh', '-c', `kill -${SIGNALS[name]} $$`]);
      assert.deepEqual({ exitCode, signal }, { exitCode: null, signal: name });
    }
    for (const [number, name] of Object.entries({ 33: 'SIG33', 34: 'SIGRTMIN', 40: 'SIGRTMIN+6' })) {
      const { signal } = await run(['sh', '-c', `kill -${number} $$`]);
      assert.equal(signal, name);
    }
    for (const code of [0, 1, 2, 125, 127, 128, 137, 255]) {
      const { exitCode, signal } = await run(['sh', '-c', `exit ${code}`]);
      assert.deepEqual({ exitCode, signal }, { exitCode: code, signal: null });
    }
  });

  it('end a program that has no PID 1 of ours in the same way', async () => {
    const shared: SpawnSpec = { namespaces: ['user', 'uts'], stdio: 'ignore' };
    const child = await spawn(['sleep', '60'], shared);
    assert.equal(child.kill(), true);
    assert.deepEqual(await child.exited, { exitCode: null, signal: 'SIGTERM', timedOut: false });
    const alone = await spawn(['sleep', '60'], { init: false, stdio: 'ignore' });
    alone.kill('SIGKILL');
    assert.equal((await alone.exited).signal, 'SIGKILL');
  });

  it('are refused by name, and reach nobody after the end', async () => {
    const child = await spawn(['true'], { stdio: 'ignore' });
    assert.throws(() => child.kill('SIGNONE' as 'SIGTERM'), { code: 'ERR_SPEC', field: 'signal' });
    assert.throws(() => child.kill(65), { field: 'signal' });
    await child.exited;
    assert.equal(child.kill('SIGKILL'), false);
    assert.equal(child.kill(0), false);
  });
});

describe('PID 1', { skip }, () => {
  it('reaps orphans and lets nobody live on', async () => {
    const daemons = 'for i in 1 2 3 4 5; do (setsid sh -c "sleep 0.05" &); done; (setsid sleep 60 &)';
    await using talker = await start(`${daemons}; echo up; read line`);
    const inside = () => descendants(talker.child.pid);
    const isZombie = (pid: number): boolean => statOf(pid)?.state === 'Z';
    const two = (): boolean => inside().length === 2 && !inside().some(isZombie);
    await until(two, 'the five are reaped, sh and one sleep are left');
    const left = inside();
    talker.child.stdin?.end('\n');
    await talker.child.exited;
    for (const pid of left)
      assert.ok(!['S', 'R'].includes(statOf(pid)?.state ?? 'X'), `${pid} is still there`);
  });

  it('holds one descriptor and one capability, and little memory', async () => {
    await using talker = await start('echo up; read line');
    const { pid } = talker.child;
    assert.equal(readProc(`${pid}/comm`).trim(), 'isol8-init');
    await until(() => statusOf(pid, 'Seccomp') === '2', 'PID 1 is confined');
    assert.equal(statusOf(pid, 'CapEff'), '0000000000000020');
    assert.equal(statusOf(pid, 'CapPrm'), '0000000000000020');
    assert.equal(statusOf(pid, 'NoNewPrivs'), '1');
    assert.ok(Number(statusOf(pid, 'VmRSS')) <= 64, `${statusOf(pid, 'VmRSS')} KiB`);
    const held = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    assert.equal(held.length, 1, held.join());
    assert.match(held[0] as string, /^socket:/);
    assert.equal(readProc(`${pid}/cmdline`).replaceAll('\0', ''), 'isol8-init');
    assert.equal(readProc(`${pid}/environ`), '');
  });

  // That of an ordinary user stays dumpable, or its owner could not look into it either.
  if (isRoot) {
    it('cannot be looked into from inside: all of this takes what ptrace(2) would', async () => {
      const files = 'for f in mem environ maps; do head -c1 /proc/1/$f && echo "read $f"; done';
      const peek = `${files}; readlink /proc/1/exe /proc/1/fd/* /proc/1/root; true`;
      assert.equal((await run(['sh', '-c', peek])).stdout, '');
    });
  }

  it('is not ended or misled by the program that it looks after', async () => {
    const hostile = await run([
      'sh',
      '-c',
      'kill -9 1; kill -STOP 1; kill -19 1; for s in 1 2 3 4 6 8 11 15 17 31 34 64; do trap "" $s; kill -$s 1; done; exit 42',
    ]);
    assert.deepEqual([hostile.exitCode, hostile.signal], [42, null]);
  });

  it('notices the end of the program in a flood of signals', async () => {
    const flood =
      "trap '' HUP INT QUIT USR1 TERM; for i in 1 2 3 4; do (while :; do kill -HUP 1; kill -INT 1; kill -QUIT 1; done) & done; sleep 0.3; exit 7";
    const { exitCode, signal } = await run(['sh', '-c', flood]);
    assert.deepEqual([exitCode, signal], [7, null]);
  });
});
