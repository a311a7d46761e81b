/** The names of a network, as the C library of a program in it finds them. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import {
  type Attachment,
  createNamespaces,
  type Namespace,
  Network,
  run,
  type SandboxSpec,
} from '../../src/index.js';
import { output, outsideWorld } from './network-world.js';
import { describeInOwnMounts } from './own-mounts.js';

/** Where a program runs that is in a network. */
async function member(network: Network, name: string, more: object = {}) {
  const { net } = await createNamespaces(['net']);
  const attachment: Attachment = await network.attach(net as Namespace, { name, ...more });
  const spec: SandboxSpec = {
    namespaces: { net: net as Namespace, user: 'shared', pid: 'shared' },
    mounts: await attachment.nameMounts(),
  };
  return { attachment, spec };
}

const lookUp = async (spec: SandboxSpec, name: string): Promise<string> =>
  (await run(['getent', 'ahosts', name], spec)).stdout.split(/\s/)[0] as string;

describeInOwnMounts(import.meta.url, 'names of a network', () => {
  it('are those of its members, by name and alias, as they come and go, and of the host', async () => {
    await using _world = await outsideWorld();
    await using network = await Network.create({
      ...{ name: 'named', subnet: '10.20.0.0/24', subnet6: false },
      dns: ['10.20.0.1'], // where nobody listens, so that a name which is not there is not asked for long
    });
    const one = await member(network, 'one', { aliases: ['first', 'first.example'] });
    assert.equal(await lookUp(one.spec, 'two'), '');
    const two = await member(network, 'two', { extraHosts: [{ name: 'db.example', address: '192.0.2.9' }] });
    assert.equal(await lookUp(one.spec, 'two'), two.attachment.address);
    assert.equal(await lookUp(two.spec, 'first.example'), one.attachment.address);
    assert.equal(await lookUp(two.spec, 'host.isol8.internal'), network.gateway);
    assert.equal(await lookUp(two.spec, 'db.example'), '192.0.2.9');
    assert.equal(await lookUp(one.spec, 'db.example'), '');
    const three = await member(network, 'three');
    assert.equal(await lookUp(two.spec, 'three'), three.attachment.address);
    await two.attachment.detach();
    assert.equal(await lookUp(one.spec, 'two'), '');
    assert.match(
      readFileSync('/etc/hosts', 'utf8'),
      /^(?!.*host\.isol8\.internal)/s,
      "the host's own is as it was",
    );
  });

  it('have a resolv.conf, also where that of the host is a link to a stub on loopback', async () => {
    mkdirSync('/run/systemd/resolve', { recursive: true });
    writeFileSync(
      '/run/systemd/resolve/stub-resolv.conf',
      'nameserver 127.0.0.53\noptions edns0\nsearch example.org\n',
    );
    writeFileSync('/run/systemd/resolve/resolv.conf', 'nameserver 192.0.2.53\n');
    await using _world = await outsideWorld();
    const etc = '/run/etc';
    mkdirSync(etc);
    output('mount', '--bind', '/etc', etc);
    output('mount', '-t', 'tmpfs', 'tmpfs', '/etc');
    for (const file of ['passwd', 'group', 'nsswitch.conf']) output('cp', '-a', `${etc}/${file}`, '/etc/');
    symlinkSync('../run/systemd/resolve/stub-resolv.conf', '/etc/resolv.conf');
    writeFileSync('/etc/hosts', '127.0.0.1 localhost\n');
    try {
      await using network = await Network.create({ name: 'resolving' });
      const { spec } = await member(network, 'one');
      const { stdout } = await run(['cat', '/etc/resolv.conf'], spec);
      assert.equal(stdout, 'nameserver 192.0.2.53\noptions edns0\nsearch example.org\n');
      const other = await member(network, 'other', { dns: ['192.0.2.1', '2001:db8::53'] });
      const own = await run(['cat', '/etc/resolv.conf'], other.spec);
      assert.equal(
        own.stdout,
        'nameserver 192.0.2.1\nnameserver 2001:db8::53\noptions edns0\nsearch example.org\n',
      );
      assert.match(readFileSync('/etc/resolv.conf', 'utf8'), /127\.0\.0\.53/);
    } finally {
      output('umount', '/etc');
      output('umount', etc);
      rmSync('/run/systemd', { recursive: true });
    }
  });

  it('are not asked of servers outside by members of an internal network', async () => {
    await using network = await Network.create({ name: 'inner', internal: true });
    const { attachment, spec } = await member(network, 'one');
    const resolver = (await run(['cat', '/etc/resolv.conf'], spec)).stdout;
    assert.doesNotMatch(resolver, /^nameserver/m);
    const begin = performance.now();
    assert.equal(await lookUp(spec, 'example.invalid'), '');
    assert.ok(performance.now() - begin < 3000, 'it fails at once');
    const own = await member(network, 'two', { dns: ['192.0.2.7'] });
    assert.match((await run(['cat', '/etc/resolv.conf'], own.spec)).stdout, /^nameserver 192\.0\.2\.7$/m);
    await own.attachment.detach();
    await attachment.detach();
  });
});
