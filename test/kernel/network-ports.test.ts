/** Published ports that are taken, by programs and by other members, and namespaces that cannot be attached. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { it } from 'node:test';
import { createNamespaces, type Namespace, Network } from '../../src/index.js';
import { isol8 } from './cli-program.js';
import { OUTSIDE, outsideWorld } from './network-world.js';
import { describeInOwnMounts } from './own-mounts.js';

async function netns(): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  return net as Namespace;
}

/** The side that closes first is left in it: a server of this port. */
async function leaveInTimeWait(host: string, port: number): Promise<void> {
  const server = createServer((socket) => void socket.end());
  await once(server.listen(port, host), 'listening');
  const client = connect(port, host).resume();
  await once(client, 'close');
  server.close();
  await once(server, 'close');
}

describeInOwnMounts(import.meta.url, 'a port of the host', () => {
  it('is taken by a UDP socket that would share it', async () => {
    await using _world = await outsideWorld();
    await using network = await Network.create({ name: 'udp' });
    using member = await netns();
    const socket = createSocket({ type: 'udp4', reuseAddr: true }).bind(5353, '0.0.0.0');
    await once(socket, 'listening');
    await assert.rejects(network.attach(member, { publish: ['5353:53/udp'] }), {
      code: 'EADDRINUSE',
      message: new RegExp(`udp port 5353 .*pid ${process.pid}`),
    });
    socket.close();
  });

  it('is held against programs with SO_REUSEADDR, also after connections of an earlier one were in TIME_WAIT', async () => {
    await using network = await Network.create({ name: 'waits' });
    using member = await netns();
    execFileSync('ip', ['link', 'set', 'lo', 'up']);
    for (const host of ['127.0.0.1', '::1']) {
      await leaveInTimeWait(host, 8090);
      const publish = [host === '::1' ? '[::]:8090:80' : '0.0.0.0:8090:80'];
      await using _attached = await network.attach(member, { publish });
      const server = createServer(); // which node.js gives SO_REUSEADDR
      server.listen({ port: 8090, host: host === '::1' ? '::' : '0.0.0.0', ipv6Only: true });
      await assert.rejects(once(server, 'listening'), { code: 'EADDRINUSE' }, host);
    }
  });

  it('is taken by a member of another network whose program has ended', async () => {
    await using _world = await outsideWorld();
    await using one = await Network.create({ name: 'one' });
    await using two = await Network.create({ name: 'two' });
    using holder = await netns();
    using asker = await netns();
    const claim = async (port: string): Promise<void> => {
      const path = `/proc/${process.pid}/fd/${holder.fd}`;
      const publishing = `import { Network } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).pathname)};
        const network = await Network.open('one');
        await network.attach({ path: ${JSON.stringify(path)} }, { name: 'holder', publish: [${JSON.stringify(port)}] });
        process.exit(0);`;
      execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', publishing]);
    };
    const taken = { code: 'EADDRINUSE', message: /holder of network one/ };
    for (const [first, second] of [
      ['0.0.0.0:8080:80', `${OUTSIDE.hostAddress}:8080:80`],
      [`${OUTSIDE.hostAddress}:8080:80`, '0.0.0.0:8080:80'],
      ['[::]:8080:80', `[${OUTSIDE.hostAddress6}]:8080:80`],
      ['[0::0]:8080:80', '8080:80'],
      ['8080:80', '[::]:8080:80'],
    ] as const) {
      await claim(first);
      await assert.rejects(two.attach(asker, { publish: [second] }), taken, `${first} ${second}`);
      await one.detach('holder');
    }
    await claim('0.0.0.0:8080:80');
    await using _other = await two.attach(asker, { publish: ['[::]:8080:80'] });
    await one.detach('holder');
  });

  it('cannot be given twice', async () => {
    await using network = await Network.create({ name: 'twice' });
    using member = await netns();
    const twice = (...publish: string[]) =>
      assert.rejects(network.attach(member, { publish }), {
        code: 'ERR_SPEC',
        message: /publish: tcp port 81 is given twice/,
      });
    await twice('81:80', '81:81');
    await twice('127.0.0.1:81:80', '81:81');
    await twice('80-82:80-82', '[::]:81:81');
    await using _both = await network.attach(member, {
      publish: ['127.0.0.1:81:80', '[::]:81:80', '81:81/udp'],
    });
  });

  it('is one that is free for all addresses where none is named', async () => {
    await using network = await Network.create({ name: 'free' });
    using member = await netns();
    execFileSync('sysctl', ['-q', '-w', 'net.ipv4.ip_local_port_range=40000 40009']);
    const servers = Array.from({ length: 8 }, (_, i) =>
      createServer().listen({ port: 40_000 + i, host: '::1' }),
    );
    await Promise.all(servers.map((server) => once(server, 'listening')));
    for (let round = 0; round < 10; round++) {
      await using attached = await network.attach(member, { publish: ['80'] });
      assert.ok([40_008, 40_009].includes(attached.ports[0]?.hostPort ?? 0));
    }
    await Promise.all(servers.map((server) => once(server.close(), 'close')));
  });

  it('takes descriptors, and says so when there are not enough', async () => {
    assert.equal((await isol8(['net', 'create', 'many'])).status, 0);
    const few = ['prlimit', '--nofile=200'];
    const { stderr } = await isol8(['run', '--net', 'many', '-p', '20000-20999:20000-20999', '--', 'true'], {
      behind: few,
    });
    assert.match(stderr, /^isol8 run: publish 1000 ports: EMFILE.*2000.*ulimit -n/);
    await using network = await Network.open('many');
    await network.remove();
  });

  it('is not that of a namespace which is the host itself', async () => {
    await using network = await Network.create({ name: 'self' });
    const refused = { code: 'ERR_SPEC', field: 'target', message: /host.* itself/ };
    await assert.rejects(network.attach(process.pid), refused);
    await assert.rejects(network.attach({ path: '/proc/self/ns/net' }), refused);
    using elsewhere = await netns();
    await using inner = await Network.create({ name: 'self' }, { namespace: elsewhere });
    await assert.rejects(inner.attach(elsewhere), refused);
    assert.deepEqual((await network.inspect()).members, []);
  });
});
