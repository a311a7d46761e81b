/** Starts of which the kernel refuses a call of the addon's own, most as strace(1) has it do. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { skip } from './caller.js';
import { bundle, startVictim } from './lifecycle-victim.js';

const CHANNEL = 'set up the status channel and the plan';

const REFUSED: readonly (readonly [title: string, calls: Record<string, string>, outcome: string])[] = [
  ['fails without a pair of sockets', { socketpair: 'ENFILE' }, `${CHANNEL}: ENFILE`],
  ['fails where it would not hear whom records are from', { setsockopt: 'EPERM' }, `${CHANNEL}: EPERM`],
  ['fails without a process', { clone: 'EAGAIN' }, 'clone the launcher: EAGAIN. '],
  ['passes the plan as a file where no message can be sent', { sendto: 'ENOBUFS' }, 'exited with 0'],
  ['fails without either', { sendto: 'ENOBUFS', memfd_create: 'ENOMEM' }, `${CHANNEL}: ENOMEM`],
];

const cannotTrace = spawnSync('strace', ['-V']).status === 0 ? false : 'no strace (Debian package strace)';

describe('a start', { skip: skip || cannotTrace }, () => {
  const script = bundle('lifecycle-victim-refused.ts');
  after(() => rmSync(script));

  for (const [title, calls, outcome] of REFUSED) {
    it(`${title}, leaving nothing behind`, async () => {
      const inject = Object.entries(calls).map(([call, errno]) => `--inject=${call}:error=${errno}`);
      const strace = ['strace', '--follow-forks', '-qq', '-o', '/dev/null'];
      const victim = startVictim(script, [], [...strace, `--trace=${Object.keys(calls)}`, ...inject]);
      const said = await victim.line();
      assert.deepEqual(await victim.gone, { code: 0, signal: null });
      const { outcomes, left } = JSON.parse(said ?? '{}');
      assert.equal(outcomes.length, 1, said);
      assert.ok(outcomes[0].startsWith(outcome), said);
      assert.deepEqual(left, []);
    });
  }
});

describe('a process that cannot become the launcher', () => {
  const script = bundle('lifecycle-victim-become.ts');
  after(() => rmSync(script));

  it('has the signals and descriptors it had', async () => {
    const victim = startVictim(script);
    const said = await victim.line();
    assert.deepEqual(await victim.gone, { code: 0, signal: null });
    assert.deepEqual(JSON.parse(said ?? '{}'), { errno: 'EBADF', changed: [] });
  });
});
