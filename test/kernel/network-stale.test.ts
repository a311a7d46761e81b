/** What is held of networks and members that others have removed, and made again under the same names and addresses. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNamespaces, type Namespace, Network } from '../../src/index.js';
import { NetworkHost } from '../../src/network/host.js';
import { readMembers, readNetwork } from '../../src/network/records.js';
import { removeMember } from '../../src/network/remove.js';
import { NetworkStore } from '../../src/network/store.js';
import { ip, ipJson, reaches } from './network-world.js';
import { describeInOwnMounts } from './own-mounts.js';

async function netns(): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  return net as Namespace;
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // the descriptor that listed them
  }
}

const neighbors = (): string[] =>
  ipJson('neighbor', 'show', 'dev', 'i8-stale', 'nud', 'permanent')
    .map(({ dst }) => dst)
    .sort();

describeInOwnMounts(import.meta.url, 'what is held of a network', () => {
  it('takes nothing from a member that has the address of one that was detached by others', async () => {
    await using network = await Network.create({ name: 'stale', subnet6: 'fd08::/64' });
    using one = await netns();
    using two = await netns();
    const address = '172.16.0.9';
    const former = await network.attach(one, { address, address6: 'fd08::9', name: 'former' });
    await network.detach('former');
    await using _present = await network.attach(two, { address, address6: 'fd08::9', name: 'present' });
    await assert.rejects(former.nameMounts(), { code: 'ENOENT', message: /network stale.*172\.16\.0\.9/ });
    await former.detach();
    const { members, problems } = await network.inspect();
    assert.deepEqual([members.map(({ names }) => names.join()), problems], [['present'], []]);
    assert.deepEqual(neighbors(), [address, 'fd08::9']);
    assert.ok(await reaches(undefined, address));
    await assert.rejects(network.attach(one, { address }), { code: 'EADDRINUSE' });
  });

  it('is no error where the link goes at the very time', async () => {
    await using network = await Network.create({ name: 'stale' });
    using one = await netns();
    using host = await NetworkHost.open();
    await network.attach(one);
    await host.store.locked(async () => {
      const [member] = readMembers(host.store, 'stale');
      const record = readNetwork(host.store, 'stale');
      assert.ok(member && record);
      const find = host.route.links.find.bind(host.route.links);
      host.route.links.find = async (target) => {
        const found = await find(target);
        if (target === member.link.index) ip('link', 'delete', member.link.name);
        return found;
      };
      await removeMember(host, record, member);
    });
    assert.deepEqual((await network.inspect()).members, []);
    assert.deepEqual(neighbors(), []);
  });

  it('is read anew where others have removed all that there was, and made as much again', async () => {
    const [one, other] = [NetworkStore.of(1n, undefined), NetworkStore.of(1n, undefined)];
    const write = (store: NetworkStore, content: string): Promise<void> =>
      store.locked(async () => store.write('file', content));
    const read = (): Promise<unknown> => one.locked(async () => one.cached('file', () => one.read('file')));
    await write(one, 'old');
    assert.equal(await read(), 'old');
    await other.locked(async () => {
      other.remove('file');
      other.removeIfEmpty();
    });
    await write(other, 'new');
    assert.equal(await read(), 'new');
    await one.locked(async () => {
      one.remove('file');
      one.removeIfEmpty();
    });
  });

  it('keeps its lock to the end where nothing is left of it meanwhile, and leaves nothing behind', async () => {
    const store = NetworkStore.of(3n, undefined);
    await store.locked(async () => {
      store.write('file', 'old');
      store.remove('file');
      store.removeIfEmpty();
      assert.throws(() => execFileSync('flock', ['--nonblock', `${store.folder}/lock`, 'true']));
    });
    assert.equal(existsSync(store.folder), false);
    await store.locked(async () => {});
    assert.equal(existsSync(store.folder), false);
    store[Symbol.dispose]();
  });

  it('lets go of its lock once who waited for it is done', async () => {
    const store = NetworkStore.of(2n, undefined);
    const lock = `${store.folder}/lock`;
    const open = (): string[] =>
      readdirSync('/proc/self/fd').filter((fd) => linkOf(`/proc/self/fd/${fd}`)?.startsWith(lock) === true);
    await store.locked(async () => store.write('file', ''));
    assert.equal(open().length, 1);
    const holder = spawn('flock', [lock, 'sh', '-c', 'echo held; cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const waiting = store.locked(async () => {
      store.remove('file');
      store.removeIfEmpty();
    });
    await sleep(50);
    store[Symbol.dispose]();
    assert.equal(open().length, 1);
    holder.stdin.end();
    await waiting;
    assert.deepEqual(open(), []);
  });

  it('leaves another network of its name alone', async () => {
    const former = await Network.create({ name: 'stale' });
    using one = await netns();
    using two = await netns();
    const attachment = await former.attach(one, { name: 'former' });
    const remover = await Network.open('stale');
    await remover.remove({ force: true });
    await using present = await Network.create({ name: 'stale' });
    await using _present = await present.attach(two, { name: 'present' });
    const gone = { code: 'ENOENT', message: /network stale was removed.*another one/ };
    await assert.rejects(former.attach(one), gone);
    await assert.rejects(former.detach('present'), gone);
    await assert.rejects(former.inspect(), gone);
    await assert.rejects(former.remove({ force: true }), gone);
    await assert.rejects(attachment.nameMounts(), { code: 'ENOENT' });
    await attachment.detach();
    await former[Symbol.asyncDispose]();
    remover.close();
    const { members, problems } = await present.inspect();
    assert.deepEqual([members.map(({ names }) => names.join()), problems], [['present'], []]);
    assert.ok(await reaches(two, present.gateway as string));
  });
});
