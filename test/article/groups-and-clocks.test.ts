/** CLONE_NEWCGROUP and CLONE_NEWTIME. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { it } from 'node:test';
import { isRoot, skip } from '../kernel/caller.js';
import { experiment, found, missing } from './example.js';

const WEEK = 604_800;
const uptime = (): number => Number.parseFloat(readFileSync('/proc/uptime', 'utf8'));

experiment('a child in a cgroup namespace sees its own group as /', { example: '09-cgroup' }, (said) => {
  const [own] = found(/^The parent is in (cgroup:.*)$/m, said);
  const [its] = found(/^The child is in (cgroup:.*)$/m, said);
  assert.equal(own, readlinkSync('/proc/self/ns/cgroup'));
  assert.notEqual(its, own);
  const [outside, inside] = found(/same groups:\n(.*)\nThe child sees itself in:\n(.*)\n$/s, said);
  assert.equal(outside, readFileSync('/proc/self/cgroup', 'utf8').trim());
  const groups = (text = ''): (string | undefined)[] => text.split('\n').map((line) => line.split(':')[2]);
  assert.deepEqual(
    groups(inside),
    groups(outside).map(() => '/'),
  );
});

const noTime = !existsSync('/proc/self/ns/time') && 'this kernel has no time namespaces';
const close = (left: number, right: number): void =>
  assert.ok(Math.abs(left - right) < 30, `${left}, ${right}`);

/** What the example prints of one child, against the offset that it was to have. */
function checkClocks(said: string, offset: number): void {
  const [up, here] = found(/^\/proc\/uptime says (\d+) inside and (\d+) outside$/m, said).map(Number);
  const [clock, ours] = found(/^The monotonic clock says (\d+) inside and (\d+) outside$/m, said).map(Number);
  close(up as number, (here as number) + offset);
  close(clock as number, (ours as number) + offset);
  close(here as number, uptime());
  close(ours as number, process.hrtime()[0]);
  const offsets = found(/^monotonic\s+(-?\d+)\s+0\nboottime\s+(-?\d+)\s+0$/m, said);
  assert.deepEqual(offsets, [String(offset), String(offset)]);
}

experiment(
  'the clocks of a child stand a week before and after those of the host',
  { example: '10-time', unless: noTime },
  (said) => {
    const [back, ahead] = said.split('A week ahead:\n') as [string, string];
    checkClocks(ahead, WEEK);
    if (uptime() > WEEK + 60) {
      checkClocks(back, -WEEK);
      return;
    }
    assert.match(
      back,
      /an offset of -7d would make the clock negative \(the kernel says ERANGE\): it stands at /,
    );
    const [half] = found(/^boottime\s+(-\d+)\s+0$/m, back).map(Number);
    close(half as number, -uptime() / 2);
    checkClocks(back, half as number);
  },
);

it('the kernel itself refuses an offset that would make a clock negative', {
  skip: skip || noTime || missing('unshare'),
}, () => {
  const seconds = String(-Math.ceil(uptime()) - 60);
  const user = isRoot ? [] : ['--user', '--map-root-user'];
  const { status, stderr } = spawnSync('unshare', [...user, '--time', '--boottime', seconds, 'true'], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  assert.notEqual(status, 0);
  assert.match(stderr, /timens_offsets: Numerical result out of range/);
});
