import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import {
  createNamespaces,
  type Isol8Error,
  Namespace,
  run,
  spawn as spawnInside,
  startUplink,
} from '../../src/index.js';
import { isRoot } from './caller.js';
import { children, descendants, descriptors, living, whenNone } from './lifecycle-census.js';
import { nodeCommand } from './node-command.js';
import { describeWithOutside } from './own-outside.js';

const KINDS = ['slirp4netns', 'pasta'] as const;
const NEIGHBOR = '203.0.113.2';
const HERE = '203.0.113.1';

async function network() {
  const made = await createNamespaces(['user', 'net']);
  return Object.assign(made, { net: made.net as Namespace, user: made.user as Namespace });
}

/** What the neighbour answers to somebody in a network. */
async function ask(net: Namespace, request: string, host = NEIGHBOR): Promise<string> {
  const socket = await net.connect({ port: 8000, host, signal: AbortSignal.timeout(20_000) });
  socket.write(`${request}\n`);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

/** A server on port 80 that answers whoever speaks to it, to the end of the block: one left open keeps the file from ending. */
async function greeter(net: Namespace): Promise<Server & Disposable> {
  const server = await net.listen({ port: 80 });
  server.on('connection', (socket) => {
    socket.on('error', () => {}).once('data', () => socket.end('inside'));
  });
  return Object.assign(server, { [Symbol.dispose]: () => void server.close() });
}

/** What is said to a published port. pasta of 2023 sends a SYN once: what a busy namespace misses ends as a reset. */
async function askPublished(net: Namespace, address: string): Promise<string> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const said = await ask(net, `tcp ${address} 8080`);
    if (said !== 'ECONNRESET') return said;
  }
  return 'ECONNRESET';
}

/** What a program inside sees of its links, in the words of ip(8). */
async function links({ user, net }: { user: Namespace; net: Namespace }) {
  const { stdout } = await run(['ip', '-json', 'address'], { namespaces: { ...SHARED, user, net } });
  const list: { ifname: string; mtu: number; addr_info: { local: string; prefixlen: number }[] }[] =
    JSON.parse(stdout);
  const tap = list.find(({ ifname }) => ifname !== 'lo');
  return { ...tap, addresses: tap?.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`) };
}

/** What it fails with sooner or later: a program may be faster than a timer of a millisecond. */
async function failureOf(start: () => Promise<AsyncDisposable>): Promise<Isol8Error | undefined> {
  for (let attempt = 0; attempt < 50; attempt++) {
    try {
      await using _up = await start();
    } catch (error) {
      return error as Isol8Error;
    }
  }
  return undefined;
}

const SHARED = {
  mnt: 'shared',
  pid: 'shared',
  uts: 'shared',
  ipc: 'shared',
  cgroup: 'shared',
  time: 'shared',
} as const;
const [node, ...victim] = nodeCommand(new URL('./uplink-victim.ts', import.meta.url).pathname);
const isMachineRoot = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/)[2] === '4294967295';
const helpers = (): string[] =>
  children()
    .flatMap((pid) => [pid, ...descendants(pid)])
    .flatMap((pid) => living((each) => each === pid))
    .filter((line) => /slirp|pasta|passt/.test(line));

describeWithOutside(import.meta.url, 'the way out of a network', () => {
  for (const kind of KINDS) {
    it(`leads to the world and back by ${kind}`, async () => {
      using made = await network();
      await (await startUplink(made.net, { kind }))[Symbol.asyncDispose](); // what is opened once stays
      const before = descriptors();
      {
        await using up = await startUplink(made.net, {
          kind,
          subnet: '10.9.8.0/24',
          interface: 'out0',
          mtu: 9000,
        });
        assert.equal(up.kind, kind);
        const { ifname, addresses } = await links(made);
        assert.equal(ifname, 'out0');
        assert.ok(addresses?.includes('10.9.8.100/24'), `${addresses}`);
        assert.equal(up.addresses.gateway, '10.9.8.2');
        assert.equal(await ask(made.net, 'who'), `::ffff:${HERE}`);
        assert.equal(helpers().length, 1);
      }
      assert.deepEqual(await whenNone(helpers), []);
      assert.deepEqual(await whenNone(() => descriptors().filter((each) => !before.includes(each))), []);
    });

    it(`asks the host's name server by ${kind}`, async () => {
      using made = await network();
      await using up = await startUplink(made.net, { kind });
      const socket = await made.net.udp();
      const answer = once(socket, 'message');
      const again = setInterval(() => socket.send('name?', 53, up.addresses.dns), 200);
      assert.equal(String((await answer)[0]), `you are ${HERE}`);
      clearInterval(again);
      socket.close();
    });

    it(`brings published ports in by ${kind}, and nothing else`, async () => {
      using made = await network();
      using _server = await greeter(made.net);
      const echo = await made.net.udp({ port: 53 });
      echo.on('message', (message, { port, address }) => echo.send(`${message} inside`, port, address));
      const publish = [
        { port: 80, hostPort: 8080 },
        { port: 80 },
        { port: 80, hostPort: 8081, hostAddress: '127.0.0.1' },
        { port: 53, hostPort: 5353, protocol: 'udp' },
      ] as const;
      await using up = await startUplink(made.net, { kind, publish });
      const [, chosen] = up.published;
      assert.equal(await ask(made.net, `tcp ${HERE} 8080`), 'inside');
      assert.equal(await ask(made.net, `tcp ${HERE} ${chosen?.hostPort}`), 'inside');
      assert.equal(await ask(made.net, `udp ${HERE} 5353`), 'hello inside');
      assert.equal(await ask(made.net, `tcp ${HERE} 8081`), 'ECONNREFUSED');
      assert.equal(await ask(made.net, `tcp ${HERE} 80`), 'ECONNREFUSED');
      echo.close();
    });

    it(`does not lead to the host's loopback by ${kind}`, async () => {
      using made = await network();
      const server = createServer((socket) => socket.end('secret')).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      await using up = await startUplink(made.net, { kind });
      assert.equal(await ask(made.net, 'who'), `::ffff:${HERE}`);
      for (const host of [up.addresses.gateway, up.addresses.dns, '127.0.0.1']) {
        const signal = AbortSignal.timeout(2000);
        const said = await made.net
          .connect({ port, host, signal })
          .then(
            async (socket) => {
              let text = '';
              for await (const chunk of socket) text += chunk;
              return text;
            },
            () => 'refused',
          )
          .catch(() => 'closed');
        assert.notEqual(said, 'secret', host);
      }
      server.close();
    });

    it(`takes no port that is taken, for ${kind}`, async () => {
      using made = await network();
      const server = createServer().listen(0, HERE);
      await once(server, 'listening');
      const { port: hostPort } = server.address() as { port: number };
      const datagrams = createSocket('udp4').bind(0);
      await once(datagrams, 'listening');
      for (const [publish, code] of [
        [{ port: 80, hostPort }, 'EADDRINUSE'],
        [{ port: 80, hostPort, hostAddress: HERE }, 'EADDRINUSE'],
        [{ port: 80, hostPort: datagrams.address().port, protocol: 'udp' }, 'EADDRINUSE'],
        [{ port: 80, hostAddress: '203.0.113.9' }, 'EADDRNOTAVAIL'],
        ...(process.getuid?.() === 0 ? [] : [[{ port: 80, hostPort: 80 }, 'EACCES'] as const]),
      ] as const)
        await assert.rejects(startUplink(made.net, { kind, publish: [publish] }), {
          code,
          message: /^publish/,
        });
      assert.deepEqual(await whenNone(helpers), []);
      server.close();
      datagrams.close();
    });

    it(`ends with this process, however that ends: ${kind}`, async () => {
      const child = spawn(node, [...victim, kind], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = await once(createInterface({ input: child.stdout }), 'line');
      const started = String(line).split(' ').map(Number);
      assert.ok(
        living((pid) => started.includes(pid)).some((each) => /slirp|pasta|passt/.test(each)),
        line,
      );
      child.kill('SIGKILL');
      assert.deepEqual(
        await whenNone(() =>
          living((pid) => started.includes(pid)).filter((each) => /slirp|pasta|passt/.test(each)),
        ),
        [],
      );
    });

    it(`ends when it is told to, or is late: ${kind}`, async () => {
      using made = await network();
      const late = await failureOf(() => startUplink(made.net, { kind, timeout: 1 }));
      assert.deepEqual([late?.code, /was not ready/.test(late?.message ?? '')], ['ETIMEDOUT', true]);
      const controller = new AbortController();
      const pending = startUplink(made.net, { kind, signal: controller.signal });
      controller.abort(new Error('enough'));
      await assert.rejects(pending, /enough/);
      await assert.rejects(startUplink(made.net, { kind, signal: controller.signal }), /enough/);
      assert.deepEqual(await whenNone(helpers), []);
      assert.deepEqual(
        readdirSync(tmpdir()).filter((name) => /^isol8-.{6}$/.test(name)),
        [],
      );
    });
  }

  it('leads to the world by IPv6, with published ports, by pasta alone', async () => {
    using made = await network();
    using _server = await greeter(made.net);
    const publish = [{ port: 80, hostPort: 8080, hostAddress: '2001:db8::1' }];
    await using up = await startUplink(made.net, { publish });
    assert.equal(up.kind, 'pasta');
    assert.equal(await ask(made.net, 'who', '2001:db8::2'), '2001:db8::1');
    assert.equal(await ask(made.net, 'who'), `::ffff:${HERE}`);
    assert.equal(await askPublished(made.net, '2001:db8::1'), 'inside');
    assert.equal(await ask(made.net, `tcp ${HERE} 8080`), 'ECONNREFUSED');
    await assert.rejects(startUplink(made.net, { kind: 'slirp4netns', ipv6: true }), {
      name: 'UnsupportedError',
      message: /no way out for IPv6. Install it: apt-get install passt/,
    });
  });

  it('takes networks by pid and by path', async () => {
    using made = await network();
    const { user, net } = made;
    await using inside = await spawnInside(['sleep', '100'], { namespaces: { ...SHARED, user, net } });
    for (const target of [{ pid: inside.pid }, { path: `/proc/${inside.pid}/ns/net` }]) {
      await using _up = await startUplink(target);
      assert.equal(await ask(net, 'who'), `::ffff:${HERE}`);
    }
  });

  it('refuses what cannot be, before anything is started', async () => {
    using made = await network();
    for (const [options, field] of [
      [{ subnet: '10.0.2.1/24' }, 'subnet'],
      [{ subnet: '10.0.2.0/25' }, 'subnet'],
      [{ subnet: 'fd00::/64' }, 'subnet'],
      [{ subnet: 'ten' }, 'subnet'],
      [{ interface: '-x' }, 'interface'],
      [{ mtu: 70_000 }, 'mtu'],
      [{ publish: [{ port: 0 }] }, 'publish[0].port'],
      [{ publish: [{ port: 1, hostAddress: 'here' }] }, 'publish[0].hostAddress'],
      [{ kind: 'vpnkit' }, 'kind'],
    ] as const)
      await assert.rejects(startUplink(made.net, options as never), { name: 'SpecError', field });
    const own = Namespace.open(process.pid, 'net');
    if (isRoot) await assert.rejects(startUplink(own), { name: 'SpecError', field: 'target' });
    else await assert.rejects(startUplink(own), { code: /EPERM|ERR_SPEC/ });
    own[Symbol.dispose]();
    await assert.rejects(startUplink(made.user), { name: 'SpecError' });
  });

  if (process.getuid?.() === 0) {
    /** What the victim says when it is started after these commands, in mounts of its own. */
    const fails = (commands: string, kind: string, become: readonly string[] = []): string => {
      const command = [...become, node, ...victim, kind];
      const args = ['--mount', 'sh', '-ec', `${commands}\nexec "$@"`, 'sh', ...command];
      const { status, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
      assert.notEqual(status, 0);
      return stderr;
    };

    it('names the package that is not installed', () => {
      const hide = (name: string): string => `mount --bind /dev/null "$(command -v ${name})"\n`;
      assert.match(
        fails(hide('slirp4netns'), 'slirp4netns'),
        /UnsupportedError.*apt-get install slirp4netns/,
      );
      assert.match(fails(hide('pasta'), 'pasta'), /UnsupportedError.*apt-get install passt/);
      const neither = fails(hide('pasta') + hide('slirp4netns'), '');
      assert.match(neither, /takes slirp4netns or pasta\. Install it: apt-get install slirp4netns, or passt/);
    });

    it('says what keeps the device from being opened', () => {
      const none = 'mount -t tmpfs tmpfs /dev/net';
      const closed = `${none}; mknod -m 0600 /dev/net/tun c 10 200`;
      const drop = ['setpriv', '--reuid=4242', '--regid=4242', '--clear-groups'];
      for (const kind of KINDS) {
        assert.match(fails(none, kind), /UnsupportedError.*\/dev\/net\/tun: ENOENT.*mknod -m 0666/);
        if (isMachineRoot) assert.match(fails(closed, kind, drop), /tun: EACCES.*chmod 0666 \/dev\/net\/tun/);
      }
    });
  }
});
