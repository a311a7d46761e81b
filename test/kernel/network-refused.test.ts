/** Networks that cannot be made or removed, and what is left of them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { it } from 'node:test';
import { Network } from '../../src/index.js';
import { isol8, program } from './cli-program.js';
import { hostState, outsideWorld } from './network-world.js';
import { describeInOwnMounts } from './own-mounts.js';

const STORES = '/run/isol8/networks';

/** The path of a network's record, in the only store. */
const recordOf = (network: string): string =>
  `${STORES}/${readdirSync(STORES)[0]}/net/${network}/network.json`;

describeInOwnMounts(import.meta.url, 'a network that may not be made', () => {
  it('leaves no record, and says why it may not', () => {
    const folder = mkdtempSync('/tmp/isol8-refused-');
    chmodSync(folder, 0o777);
    try {
      const env = { ...process.env, XDG_RUNTIME_DIR: folder };
      const without = [
        'setpriv',
        '--bounding-set=-net_admin',
        '--inh-caps=-net_admin',
        '--ambient-caps=-all',
      ];
      const readOnlyRun = [
        'unshare',
        '--mount',
        'sh',
        '-ec',
        'mount -t tmpfs -o ro tmpfs /run; exec "$@"',
        'sh',
      ];
      const run = (...args: string[]) => {
        const [command, ...rest] = [...readOnlyRun, ...without, process.execPath, program, ...args] as [
          string,
          ...string[],
        ];
        return spawnSync(command, rest, { env, encoding: 'utf8' });
      };
      const { stderr, status } = run('net', 'create', 'mine');
      assert.match(stderr, /^isol8 net: add bridge i8-mine: EPERM/);
      assert.equal(status, 125);
      assert.deepEqual(readdirSync(folder), []);
      const gc = run('net', 'gc');
      assert.deepEqual([gc.status, gc.stdout, gc.stderr], [0, '', '']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('does not keep gc from removing others', async () => {
    await using _world = await outsideWorld();
    const before = hostState();
    for (const name of ['a', 'b', 'c']) (await Network.create({ name, persistent: true })).close();
    for (const name of ['a', 'b', 'c']) {
      const record = JSON.parse(readFileSync(recordOf(name), 'utf8'));
      writeFileSync(recordOf(name), JSON.stringify({ ...record, state: 'removing' }));
    }
    const sound = `${recordOf('b')}.sound`;
    cpSync(recordOf('b'), sound);
    const { group: _, ...broken } = JSON.parse(readFileSync(recordOf('b'), 'utf8'));
    writeFileSync(recordOf('b'), JSON.stringify({ ...broken, group: 'none' }));
    const { status, stdout } = await isol8(['net', 'gc']);
    assert.match(
      stdout,
      /^removed network +a .*\ncould not remove network +b {2}.*: .*\nremoved network +c /s,
    );
    assert.equal(status, 1);
    cpSync(sound, recordOf('b'));
    assert.deepEqual(
      (await Network.sweep()).map(({ network, error }) => [network, error]),
      [['b', undefined]],
    );
    assert.deepEqual(hostState(), before);
    assert.equal(existsSync(STORES), false);
  });
});
