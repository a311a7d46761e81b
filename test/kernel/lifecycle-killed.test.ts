import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { run, spawn } from '../../src/index.js';
import { closeDescriptor, syscall } from '../../src/syscalls/binding.js';
import { O } from '../../src/syscalls/constants.js';
import { skip } from './caller.js';
import { children, descendants, descriptors, mounts, readProc, until, whenNone } from './lifecycle-census.js';
import { boundaries, launchStopped, SPECS, settled, untilOpened } from './lifecycle-plans.js';

/** Those of this process's children that the launch thread has started, and what is below them. */
const launched = (others: ReadonlySet<number>): number[] =>
  children()
    .filter((pid) => !others.has(pid))
    .flatMap((pid) => [pid, ...descendants(pid)]);

/** Stops before one step and kills one of the processes that are there then; false when there are fewer. */
async function killThere(spec: object, boundary: number, which: number): Promise<boolean> {
  const others = new Set(children());
  const pair = new Int32Array(2);
  syscall('pipe2', [pair, O.CLOEXEC], 'a pipe');
  const [read, write] = pair as unknown as [number, number];
  const stopped = launchStopped(spec, boundary, untilOpened, [read]);
  await settled(stopped);
  closeDescriptor(read);
  const there = launched(others);
  const target = there[which];
  const killed = `${stopped.title}: process ${which} of ${there.length}`;
  if (target !== undefined) killQuietly(target);
  closeDescriptor(write);
  // The program would sleep for a minute otherwise.
  if (target === undefined) for (const pid of launched(others)) killQuietly(pid);
  let over = false;
  void stopped.ended.then(() => {
    over = true;
  });
  await until(() => over || endPrograms(others), `the end of it: ${killed}`);
  // A child that its launcher could not name any more is reaped a moment later.
  await until(() => launched(others).length === 0, `nothing left: ${killed}`);
  return target !== undefined;
}

/** A program whose launcher alone was killed runs on, rightly, and is ended here. */
function endPrograms(others: ReadonlySet<number>): false {
  for (const pid of launched(others)) {
    if (readProc(`${pid}/comm`).trim() === 'sleep') killQuietly(pid);
  }
  return false;
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was gone already.
  }
}

/** Kills each of the processes once; how many there were. */
async function killEach(spec: object, boundary: number): Promise<number> {
  let which = 0;
  while (await killThere(spec, boundary, which)) which++;
  return which;
}

describe('a process of the set-up that is killed', { skip }, () => {
  for (const [name, spec] of Object.entries(SPECS)) {
    it(`leaves nothing behind, before any step: ${name}`, async (t) => {
      await run(['true'], spec);
      const before = { descriptors: descriptors(), mounts: mounts() };
      let kills = 0;
      for (let boundary = 0; boundary < boundaries(spec); boundary++) {
        kills += await killEach(spec, boundary);
      }
      assert.ok(kills > boundaries(spec), `only ${kills} kills`);
      assert.equal(mounts(), before.mounts);
      const opened = (): string[] => descriptors().filter((each) => !before.descriptors.includes(each));
      assert.deepEqual(await whenNone(opened), []);
      t.diagnostic(`${kills} kills`);
    });
  }

  it('makes spawn fail with an error that says so', async () => {
    for (let tries = 0; tries < 50; tries++) {
      const others = new Set(children());
      const spawned = spawn(['sleep', '60'], { stdio: 'ignore' }).then(
        (child) => child,
        (error: Error) => error,
      );
      let pids = launched(others);
      while (pids.length === 0) pids = launched(others);
      pids.forEach(killQuietly);
      const result = await spawned;
      if (result instanceof Error) {
        assert.match(
          result.message,
          /^the launcher('s child)? was killed by SIGKILL before the program had started$|ECANCELED|EPIPE/,
        );
        return;
      }
      await result[Symbol.asyncDispose]();
    }
    assert.fail('no kill came before the program had started');
  });
});
