import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { skip } from './caller.js';
import { living, readProc, whenNone } from './lifecycle-census.js';
import { SPECS } from './lifecycle-plans.js';
import { bundle, startVictim, type Victim } from './lifecycle-victim.js';

const KILLS = 1000;
const AT_A_TIME = 8;

describe('a sandbox whose Node process is killed', { skip }, () => {
  const scripts = new Set<string>();
  const script = (name: string): string => {
    const path = bundle(name);
    scripts.add(path);
    return path;
  };
  after(() => {
    for (const path of scripts) rmSync(path);
  });

  const inSessions = (victims: readonly Victim[]) => () =>
    living((_, session) => victims.some(({ pid }) => pid === session));

  it(`dies with it, at ${KILLS} random moments`, async () => {
    const victimScript = script('lifecycle-victim-random.ts');
    for (let killed = 0; killed < KILLS; killed += AT_A_TIME) {
      const victims = Array.from({ length: AT_A_TIME }, () => startVictim(victimScript));
      await Promise.all(victims.map(killSoon));
      assert.deepEqual(await whenNone(inSessions(victims)), [], `after ${killed} kills`);
    }
  });

  for (const name of Object.keys(SPECS)) {
    it(`dies with it before every step: ${name}`, async (t) => {
      const victim = startVictim(script('lifecycle-victim-boundaries.ts'), [name]);
      const count = Number(await victim.line());
      assert.ok(count > 10, `only ${count} steps`);
      const before = inSessions([victim])().length;
      assert.ok(before >= count, `${before} processes for ${count} stops`);
      process.kill(victim.pid, 'SIGKILL');
      await victim.gone;
      assert.deepEqual(await whenNone(inSessions([victim])), []);
      t.diagnostic(`${count} steps, ${before} processes`);
    });
  }

  it('lives on when it is not to die with it', async () => {
    const victim = startVictim(script('lifecycle-victim-detached.ts'));
    const pid = Number(await victim.line());
    process.kill(victim.pid, 'SIGKILL');
    await victim.gone;
    await sleep(200);
    assert.match(readProc(`${pid}/comm`), /isol8-init/);
    const left = inSessions([victim])();
    assert.equal(left.length, 2, left.join('; '));
    process.kill(pid, 'SIGKILL');
    assert.deepEqual(await whenNone(inSessions([victim])), []);
  });
});

async function killSoon(victim: Victim): Promise<void> {
  assert.equal(await victim.line(), 'up');
  await sleep(Math.random() * 30);
  process.kill(victim.pid, 'SIGKILL');
  assert.deepEqual(await victim.gone, { code: null, signal: 'SIGKILL' });
}
