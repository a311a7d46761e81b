/**
 * For tests of ways out: they run in a network of their own with one neighbour, 203.0.113.2 and 2001:db8::2, which is the whole
 * world; their own addresses end in 1. As root they run once more as an ordinary user.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { describe, it } from 'node:test';
import { environmentAgain, testAgain } from './again.js';
import { isRoot, skip } from './caller.js';
import { nodeCommand } from './node-command.js';

const root = new URL('../..', import.meta.url).pathname;
const neighbor = nodeCommand(new URL('./outside-neighbor.ts', import.meta.url).pathname).join(' ');
const MARK = 'ISOL8_TEST_OUTSIDE';

/** $neighbor is given, a command line; the rest is the command to run. The device of tun(4) is for all, as distributions have it. */
const WORLD = `
mount -t tmpfs tmpfs /mnt
if [ "$(id -u)" = 0 ] && [ "$make_tun" = 1 ]; then
  mkdir -p /dev/net && touch /dev/net/tun
  mknod -m 0666 /mnt/tun c 10 200
  mount --bind /mnt/tun /dev/net/tun
fi
echo 'nameserver 203.0.113.2' > /mnt/resolv.conf
mount --bind /mnt/resolv.conf /etc/resolv.conf
ip link set lo up
unshare --net sleep 1000 & there=$!
while [ "$(readlink /proc/$there/ns/net)" = "$(readlink /proc/$$/ns/net)" ]; do sleep 0.01; done
ip link add out0 type veth peer name eth0 netns $there
ip addr add 203.0.113.1/24 dev out0
ip addr add 2001:db8::1/64 dev out0 nodad
ip link set out0 up
ip route add default via 203.0.113.2
ip -6 route add default via 2001:db8::2
nsenter --target $there --net sh -ec '
  ip link set lo up
  ip addr add 203.0.113.2/24 dev eth0
  ip addr add 2001:db8::2/64 dev eth0 nodad
  ip link set eth0 up'
nsenter --target $there --net $neighbor > /mnt/said &
until [ -s /mnt/said ]; do sleep 0.05; done
"$@"
`;

export function describeWithOutside(file: string, title: string, tests: () => void): void {
  if (process.env[MARK] !== undefined) {
    describe(title, tests);
    return;
  }
  const closed =
    !isRoot && !opensTun() && 'only root may open /dev/net/tun: chmod 0666 /dev/net/tun opens it for all';
  const drop = ['setpriv', `--reuid=${isRoot ? 4242 : 1}`, `--regid=${isRoot ? 4242 : 1}`, '--clear-groups'];
  for (const [who, become] of [
    ['root', []],
    ['an ordinary user', drop],
  ] as const)
    it(`${title}, as ${who}`, { skip: skip || closed }, () => {
      const map = isRoot ? [] : ['--user', '--map-root-user', '--map-auto'];
      const world = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
      const args = [...map, ...world, 'sh', '-ec', WORLD, 'sh', ...become, ...testAgain(file)];
      const env = {
        ...environmentAgain(),
        [MARK]: '1',
        neighbor,
        make_tun: isRoot ? '1' : '0',
      };
      const { status, stdout, stderr } = spawnSync('unshare', args, { cwd: root, env, encoding: 'utf8' });
      assert.equal(status, 0, stdout + stderr);
    });
}

function opensTun(): boolean {
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
