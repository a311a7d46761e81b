/** What becomes of networks when programs get into each other's way, or others interfere. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { after, it } from 'node:test';
import { promisify } from 'node:util';
import { createNamespaces, type Namespace, Network } from '../../src/index.js';
import { whenNone } from './lifecycle-census.js';
import { bundle } from './lifecycle-victim.js';
import { command, hostState, ip, OUTSIDE, outsideWorld, reaches } from './network-world.js';
import { describeInOwnMounts } from './own-mounts.js';

const run = promisify(execFile);

async function netns(): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  return net as Namespace;
}

/** Where a network's members are written down; the folder comes with the first. */
function membersOf(store: string, network: string): string {
  const folder = `/run/isol8/networks/${store}/net/${network}`;
  if (existsSync(folder)) mkdirSync(`${folder}/members`, { recursive: true });
  return `${folder}/members`;
}

async function membersAfterSweep(): Promise<string[]> {
  await Network.sweep();
  return (await Network.list()).flatMap(({ members }) => members.map(({ mac }) => mac));
}

describeInOwnMounts(import.meta.url, 'networks under adverse conditions', () => {
  const script = bundle('network-contender.ts');
  after(() => rmSync(script));

  it('are made, used and removed by eight programs at once without harm', async () => {
    await using _world = await outsideWorld();
    const before = hostState();
    const contenders = Array.from({ length: 8 }, (_, i) =>
      run(process.execPath, [script, String(i + 1), '200'], { encoding: 'utf8' }),
    );
    const said = await Promise.all(contenders);
    assert.deepEqual(said.map(({ stdout }) => stdout).join(''), '');
    await whenNone(membersAfterSweep); // the kernel ends the namespaces of who has ended a while later
    for (const { name, members } of await Network.list()) {
      assert.deepEqual(members, [], name);
      const network = await Network.open(name);
      await network.remove();
      network.close();
    }
    assert.deepEqual(hostState(), before);
  });

  it('have no MAC address twice', async () => {
    await using network = await Network.create({ name: 'macs' });
    using one = await netns();
    using two = await netns();
    const mac = '02:00:00:00:00:AB';
    await using attached = await network.attach(one, { mac });
    const taken = { code: 'EADDRINUSE', message: /02:00:00:00:00:ab: another member has it/ };
    await assert.rejects(network.attach(two, { mac }), taken);
    const bridge = JSON.parse(ip('-j', 'link', 'show', network.bridge))[0].address;
    await assert.rejects(network.attach(two, { mac: bridge }), { message: /it is the bridge's/ });
    await attached.detach();
    await using _again = await network.attach(two, { mac });
  });

  it('are repaired, or say what is wrong', async () => {
    await using _world = await outsideWorld();
    const forwarding = '/proc/sys/net/ipv4/conf/up0/forwarding';
    await using network = await Network.create({ name: 'hurt' });
    using first = await netns();
    using second = await netns();
    await using _first = await network.attach(first);
    writeFileSync(forwarding, '0');
    assert.equal(await reaches(first, OUTSIDE.address), false);
    assert.match((await network.inspect()).problems.join(), /forwarding was switched off/);
    await using _second = await network.attach(second);
    assert.ok(await reaches(first, OUTSIDE.address), 'forwarding is on again');
    command(second, 'ip', 'link', 'delete', 'eth0');
    assert.deepEqual((await network.inspect()).members.length, 1, 'a vanished interface is no member');
    ip('link', 'delete', 'i8-hurt');
    assert.match((await network.inspect()).problems.join(), /bridge i8-hurt is gone/);
    await assert.rejects(network.attach(second), { code: 'ENODEV', message: /bridge i8-hurt is gone/ });
    const [left] = await Network.sweep();
    assert.match(left?.why ?? '', /its bridge is gone/);
  });

  it('take back the address of a member whose file was never written to its end', async () => {
    await using network = await Network.create({ name: 'half', subnet: '10.9.0.0/30', subnet6: false });
    const [store] = readdirSync('/run/isol8/networks').filter((each) => existsSync(membersOf(each, 'half')));
    writeFileSync(`${membersOf(store as string, 'half')}/10.9.0.2,.attaching`, '{"state":');
    await Network.sweep();
    using member = await netns();
    await using attached = await network.attach(member);
    assert.equal(attached.address, '10.9.0.2');
  });

  it('do not take what others have made', async () => {
    await using _world = await outsideWorld();
    ip('link', 'add', 'i8-mine', 'type', 'bridge');
    const state = hostState();
    await assert.rejects(Network.create({ name: 'mine' }), {
      code: 'EEXIST',
      message: /bridge of that name .*ip link delete/,
    });
    assert.deepEqual(hostState(), state);
    ip('link', 'delete', 'i8-mine');
    const stores = existsSync('/run/isol8/networks') ? readdirSync('/run/isol8/networks') : [];
    assert.ok(!stores.some((store) => existsSync(`/run/isol8/networks/${store}/net/mine`)));
  });
});
