import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { createServer as createSecureServer, get as getSecure } from 'node:https';
import type { AddressInfo, LookupFunction, Server, Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNamespaces, Namespace, RouteSocket, run, SocketError, SpecError } from '../../src/index.js';
import { describeAlsoAsUser } from './also-as-user.js';
import { isRoot } from './caller.js';
import { descriptors } from './lifecycle-census.js';
import { certificate, key } from './self-signed.js';
import { type TwoNetworks, twoNetworks } from './two-networks.js';

const root = new URL('../..', import.meta.url).pathname;
const index = new URL('../../src/index.ts', import.meta.url).href;
const SILENT = '10.80.0.99';

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

/** A server that says who calls. */
async function teller(place: Namespace, options: Parameters<Namespace['listen']>[0] = {}): Promise<Server> {
  const server = await place.listen(options);
  return server.on('connection', (socket: Socket) => socket.end(`you are ${socket.remoteAddress}`));
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

describeAlsoAsUser(import.meta.url, 'sockets of one process in two networks', () => {
  let networks: TwoNetworks;
  let here: Namespace;
  let there: Namespace;
  let found: string[];

  before(async () => {
    networks = await twoNetworks();
    ({ here, there } = networks);
    await (await here.udp()).close(); // whatever is loaded and opened once stays
    await here.connect(1, '10.80.0.1').catch(() => {});
    await here.fetch('http://10.80.0.1:4').catch(() => {});
    found = descriptors();
  });

  after(async () => {
    networks[Symbol.dispose]();
  });

  const leavesNothing = async (): Promise<void> => {
    let now = descriptors();
    for (const end = Date.now() + 10_000; now.length > found.length && Date.now() < end; now = descriptors())
      await sleep(10);
    assert.deepEqual(now, found);
  };

  describe('connect and listen', () => {
    it('reach each other over IPv4 and IPv6, and nobody from outside', async () => {
      const server = await teller(there);
      const port = portOf(server);
      assert.equal(await textOf(await here.connect(port, '10.80.0.2')), 'you are ::ffff:10.80.0.1');
      assert.equal(await textOf(await here.connect({ port, host: 'fd80::2' })), 'you are fd80::1');
      assert.equal(await textOf(await there.connect(port)), 'you are ::ffff:127.0.0.1');
      if (isRoot) {
        using elsewhere = Namespace.open(process.pid, 'net');
        await assert.rejects(elsewhere.connect({ port, host: '127.0.0.1' }), { code: 'ECONNREFUSED' });
      }
      await closed(server);
      await leavesNothing();
    });

    it('take the address to come from', async () => {
      const plain = await teller(there, { host: '10.80.0.2' });
      const from = { localAddress: '10.80.0.1', localPort: 4242 };
      const client = await here.connect({ port: portOf(plain), host: '10.80.0.2', ...from });
      assert.equal(client.localPort, 4242);
      assert.equal(await textOf(client), 'you are 10.80.0.1');
      await closed(plain);
      await leavesNothing();
    });

    it('take abstract sockets, which belong to a net namespace', async () => {
      const server = await teller(there, { path: '\0isol8 test' });
      assert.equal(await textOf(await there.connect({ path: '\0isol8 test' })), 'you are undefined');
      await assert.rejects(here.connect({ path: '\0isol8 test' }), { code: 'ECONNREFUSED' });
      await assert.rejects(here.connect({ path: '/run/a' }), { name: 'SpecError', field: 'path' });
      await assert.rejects(here.listen({ path: '/run/a' }), { name: 'SpecError', field: 'path' });
      await assert.rejects(there.listen({ path: '\0isol8 test' }), {
        code: 'EADDRINUSE',
        address: '@isol8 test',
      });
      await closed(server);
      await leavesNothing();
    });

    it('fail as node:net does', async () => {
      const refused = { code: 'ECONNREFUSED', syscall: 'connect', address: '10.80.0.2', port: 9 };
      const message = `connect ECONNREFUSED 10.80.0.2:9 in ${here}`;
      const whole = { name: 'SocketError', message, errno: -111, ...refused };
      await assert.rejects(here.connect(9, '10.80.0.2'), whole);
      await assert.rejects(here.connect(9, '192.0.2.1'), {
        code: 'ENETUNREACH',
        message: /no route to there/,
      });
      const taken = await here.listen({ host: '10.80.0.1' });
      const port = portOf(taken);
      const inUse = { code: 'EADDRINUSE', syscall: 'listen', address: '10.80.0.1', port };
      await assert.rejects(here.listen({ host: '10.80.0.1', port }), inUse);
      await assert.rejects(here.listen({ host: '10.80.0.3' }), { code: 'EADDRNOTAVAIL', syscall: 'listen' });
      await assert.rejects(here.listen({ host: 'fe80::1%web9' }), { code: 'ENODEV', address: 'web9' });
      await assert.rejects(here.connect({ port, localAddress: '10.80.0.3' }), {
        code: 'EADDRNOTAVAIL',
        syscall: 'bind',
      });
      await closed(taken);
      await leavesNothing();
    });

    if (isRoot)
      it('say which port takes a privilege', () => {
        const program = `
          const { createNamespaces } = await import(${JSON.stringify(index)});
          const { net } = await createNamespaces(['net']);
          await net.listen({ port: 80 }).catch(({ code, message }) => console.log(code, message));`;
        const drop = ['--bounding-set=-net_bind_service', '--inh-caps=-net_bind_service'];
        const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', program];
        const { stdout, stderr } = spawnSync('setpriv', [...drop, ...node], { cwd: root, encoding: 'utf8' });
        assert.match(
          stdout,
          /^EACCES listen EACCES: permission denied :::80 in net:.*CAP_NET_BIND_SERVICE/,
          stderr,
        );
      });

    it('refuse what cannot be, before anything is opened', async () => {
      const wrong: [() => Promise<unknown>, string][] = [
        [() => here.connect(65_536), 'port'],
        [() => here.connect({} as never), 'port'],
        [() => here.connect({ port: 80, localPort: -1 }), 'localPort'],
        [() => here.connect({ port: 80, localAddress: 'here' }), 'localAddress'],
        [() => here.connect(80, 'fe80::2%web0'), 'host'],
        [() => here.connect(80, 'fe80::2'), 'host'],
        [() => here.listen({ port: 1.5 }), 'port'],
        [() => here.udp({ port: Number.NaN }), 'port'],
        [() => here.udp({ address: 'here' }), 'address'],
        [() => here.udp({ type: 'udp4', address: '::1' }), 'address'],
      ];
      for (const [call, field] of wrong) await assert.rejects(call, { name: 'SpecError', field });
      using made = await createNamespaces(isRoot ? ['uts'] : ['user', 'uts']);
      const uts = made.uts as Namespace;
      for (const call of [() => uts.connect(1), () => uts.listen(), () => uts.udp(), () => uts.httpAgent()])
        await assert.rejects(call, SpecError);
      await assert.rejects(uts.fetch('http://127.0.0.1'), /only a net namespace/);
    });

    it('refuse a handle that was disposed of, and need none afterwards', async () => {
      const handle = Namespace.open({ fd: there.fd });
      const server = await teller(handle);
      handle[Symbol.dispose]();
      await assert.rejects(handle.connect(1), { code: 'EBADF' });
      await assert.rejects(handle.listen(), { code: 'EBADF' });
      assert.match(await textOf(await here.connect(portOf(server), '10.80.0.2')), /you are/);
      await closed(server);
      await leavesNothing();
    });

    it('leave this thread alone while nobody answers, until the signal', async () => {
      const controller = new AbortController();
      let settled = false;
      const pending = here.connect({ port: 80, host: SILENT, signal: controller.signal });
      pending.catch(() => {}).finally(() => (settled = true));
      for (let turn = 0; turn < 5; turn++) await sleep(10);
      assert.equal(settled, false);
      controller.abort(new Error('enough'));
      await assert.rejects(pending, /enough/);
      await assert.rejects(here.connect({ port: 80, host: SILENT, signal: controller.signal }), /enough/);
      await assert.rejects(here.listen({ signal: controller.signal }), /enough/);
      await leavesNothing();
    });

    it('try all addresses of a name, which only a lookup knows', async () => {
      await assert.rejects(here.connect(80, 'example.com'), {
        code: 'ENOTFOUND',
        message: /another network/,
      });
      const server = await teller(there, { host: '10.80.0.2' });
      const port = portOf(server);
      const asked: string[] = [];
      const lookup: LookupFunction = (name, _options, callback) => {
        asked.push(name);
        const addresses = ['fd80::2', '10.80.0.3', '10.80.0.2'];
        callback(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
      };
      const neighbour = { port, host: 'web', lookup, family: 4 } as const;
      const socket = await here.connect({
        port,
        host: 'web',
        lookup: (name, options, callback) =>
          lookup(name, options, (error, list) =>
            callback(
              error,
              (list as never[]).filter((_, i) => i !== 1),
            ),
          ),
      });
      assert.equal(await textOf(socket), 'you are 10.80.0.1');
      assert.deepEqual(asked, ['web']);
      await assert.rejects(here.connect({ ...neighbour, family: 6 }), {
        code: 'ECONNREFUSED',
        address: 'fd80::2',
      });
      const nonsense: LookupFunction = (_name, _options, callback) => callback(null, 'nowhere', 4);
      await assert.rejects(here.connect({ port, host: 'web', lookup: nonsense }), {
        code: 'ERR_INVALID_IP_ADDRESS',
      });
      await closed(server);
      await leavesNothing();
    });
  });

  describe('udp', () => {
    it('sends and receives', async () => {
      for (const [type, address] of [
        ['udp4', '10.80.0.2'],
        ['udp6', 'fd80::2'],
      ] as const) {
        const receiver = await there.udp({ address });
        const sender = await here.udp({ type });
        sender.send('hello', receiver.address().port, address);
        const [message, from] = await once(receiver, 'message');
        assert.equal(`${message} from ${from.address}`, `hello from ${address.replace(/2$/, '1')}`);
        const { port } = receiver.address();
        await assert.rejects(there.udp({ address, port }), {
          code: 'EADDRINUSE',
          syscall: 'bind',
          address,
          port,
        });
        sender.close();
        receiver.close();
      }
      await leavesNothing();
    });

    it('sends over the interface that it is bound to, and to no other', async () => {
      const receiver = await there.udp({ address: 'fe80::2%web1' });
      const sender = await here.udp({ address: 'fe80::1%web0' });
      const { port } = receiver.address();
      sender.send('hello', port, 'fe80::2');
      assert.equal(String((await once(receiver, 'message'))[0]), 'hello');
      for (const [host, message] of [
        ['fe80::2%web0', /cannot choose its interface/],
        ['web', /another network/],
      ] as const) {
        const send = new Promise((resolve, reject) =>
          sender.send('x', port, host, (error) => (error ? reject(error) : resolve(undefined))),
        );
        await assert.rejects(send, message);
      }
      sender.close();
      receiver.close();
      await leavesNothing();
    });
  });

  describe('with a link whose number this process has none of', () => {
    before(async () => {
      using inside = await RouteSocket.open({ namespace: here });
      using outside = await RouteSocket.open({ namespace: there });
      const peer = { name: 'far1', index: 9002, netns: { fd: there.fd } };
      await inside.links.add({
        name: 'far0',
        index: 9001,
        kind: 'veth',
        veth: { peer },
        addrGenMode: 'none',
        up: true,
      });
      await outside.links.change(9002, { addrGenMode: 'none', up: true });
      const flags = { noDad: true };
      await inside.addresses.add({ link: 9001, address: 'fe80::11', prefixLength: 64, ...flags });
      await outside.addresses.add({ link: 9002, address: 'fe80::12', prefixLength: 64, ...flags });
    });

    it('datagrams from there are dropped', async () => {
      const receiver = await there.udp({ type: 'udp6' });
      const neighbour = await here.udp({ address: 'fe80::11%far0' });
      const sender = await here.udp({ type: 'udp6' });
      const { port } = receiver.address();
      neighbour.send('from a link-local address', port, 'fe80::12');
      await once(neighbour.on('error', assert.fail), 'never', { signal: AbortSignal.timeout(100) }).catch(
        () => {},
      );
      sender.send('hello', port, 'fd80::2');
      assert.equal(String((await once(receiver, 'message'))[0]), 'hello');
      for (const socket of [receiver, neighbour, sender]) socket.close();
      await leavesNothing();
    });

    it('connections from there have no address', async () => {
      const server = await teller(there);
      using owner = here.owner();
      const say = `exec 3<>/dev/tcp/fe80::12%far0/${portOf(server)}; cat <&3`;
      const { stdout } = await run(['bash', '-c', say], {
        namespaces: { user: isRoot || owner === undefined ? 'shared' : owner, net: here },
      });
      assert.equal(stdout, 'you are undefined');
      await closed(server);
    });
  });

  describe('requests', () => {
    let server: Server;
    let origin: string;

    before(async () => {
      server = await there.listen({
        host: '10.80.0.2',
        server: createServer(async (asked, answer) => {
          if (asked.url === '/moved') answer.writeHead(302, { location: '/' }).end();
          else if (asked.url === '/slow') answer.flushHeaders();
          else answer.end(`${asked.method} ${asked.headers['x-name'] ?? ''} ${await textOf(asked)}`);
        }),
      });
      origin = `http://10.80.0.2:${portOf(server)}`;
    });

    after(() => server.close());
    const noConnections = async (): Promise<void> => {
      for (const end = Date.now() + 10_000; Date.now() < end; await sleep(10)) {
        const count = await new Promise<number>((resolve) => server.getConnections((_, n) => resolve(n)));
        if (count === 0) return;
      }
      assert.fail('connections are left');
    };

    it('by fetch', async () => {
      const headers = { 'x-name': 'web' };
      assert.equal(await (await here.fetch(`${origin}/moved`, { headers })).text(), 'GET web ');
      const posted = await here.fetch(new URL(origin), { method: 'POST', body: 'text' });
      assert.equal(await posted.text(), 'POST  text');
      const request = new Request(origin, { method: 'PUT', headers, body: 'of Node' });
      assert.equal(await (await here.fetch(request)).text(), 'PUT web of Node');
      const form = new FormData();
      form.append('field', 'value');
      form.append('file', new Blob(['content']), 'name');
      const text = await (await here.fetch(origin, { method: 'POST', body: form })).text();
      assert.match(text, /name="field"\r\n\r\nvalue\r\n/);
      assert.match(text, /name="file"; filename="name"\r\n[\s\S]*content/);
      assert.equal((await here.fetch(origin, { method: 'HEAD' })).status, 200);
      await noConnections();
    });

    it('by fetch, which fails as the global one does', async () => {
      await assert.rejects(here.fetch('http://10.80.0.2:4'), (error: Error) => {
        assert.ok(error instanceof TypeError);
        assert.ok(error.cause instanceof SocketError);
        assert.equal(error.cause.code, 'ECONNREFUSED');
        return true;
      });
      await assert.rejects(here.fetch(origin, { dispatcher: {} } as never), { field: 'init.dispatcher' });
      const signal = AbortSignal.timeout(50);
      for (const url of [`http://${SILENT}`, `http://${SILENT}/again`])
        await assert.rejects(here.fetch(url, { signal }), { name: 'TimeoutError' });
      const controller = new AbortController();
      const response = await here.fetch(`${origin}/slow`, { signal: controller.signal });
      controller.abort();
      await assert.rejects(response.text(), { name: 'AbortError' });
      await noConnections();
    });

    it('by an agent, which keeps connections as its options say', async () => {
      const agent = await here.httpAgent({ keepAlive: true });
      const get = (url: string): Promise<string> =>
        new Promise((resolve, reject) =>
          request(url, { agent }, (answer) => textOf(answer).then(resolve, reject))
            .on('error', reject)
            .end(),
        );
      assert.equal(await get(origin), 'GET  ');
      assert.equal(await get(origin), 'GET  ');
      const count = await new Promise((resolve) => server.getConnections((_, n) => resolve(n)));
      assert.equal(count, 1);
      await assert.rejects(get('http://10.80.0.2:9'), {
        code: 'ECONNREFUSED',
        address: '10.80.0.2',
        port: 9,
      });
      await assert.rejects(get('http://example.com'), { code: 'ENOTFOUND' });
      agent.destroy();
      await noConnections();
    });

    it('by an agent, which has no more connections than it may', async () => {
      let most = 0;
      const count = (): void => void server.getConnections((_, n) => (most = Math.max(most, n)));
      server.on('connection', count);
      const agent = await here.httpAgent({ maxSockets: 2 });
      const get = (url: string): Promise<string> =>
        new Promise((resolve, reject) =>
          request(url, { agent }, (answer) => textOf(answer).then(resolve, reject))
            .on('error', reject)
            .end(),
        );
      const answers = Array.from({ length: 20 }, () => get(origin));
      assert.deepEqual(new Set(await Promise.all(answers)), new Set(['GET  ']));
      assert.equal(most, 2);
      server.off('connection', count);
      const refused = Array.from({ length: 5 }, () => get('http://10.80.0.2:9').catch(({ code }) => code));
      assert.deepEqual(new Set(await Promise.all(refused)), new Set(['ECONNREFUSED']));
      agent.destroy();
      await noConnections();
    });

    it('by an agent, which lets go of what nobody answers', async () => {
      const agent = await here.httpAgent();
      const outcomes = ['signal', 'timeout'].map(async (way) => {
        const how = way === 'signal' ? { signal: AbortSignal.timeout(50) } : { timeout: 50 };
        const asked = request(`http://${SILENT}`, { agent, ...how });
        asked.on('timeout', () => asked.destroy(new Error('too slow'))).end();
        return String((await once(asked, 'error').catch((error) => [error]))[0]);
      });
      const [aborted, late] = await Promise.all(outcomes);
      assert.match(`${aborted}`, /abort/i);
      assert.match(`${late}`, /too slow/);
      agent.destroy();
      await noConnections();
    });

    it('over TLS, by fetch and by an agent', async () => {
      const secure = await there.listen({
        server: createSecureServer({ key, cert: certificate }, (_, answer) => answer.end('secret')),
      });
      const url = `https://localhost:${portOf(secure)}`;
      const tls = { ca: certificate };
      assert.equal(await (await there.fetch(url, { tls })).text(), 'secret');
      const rejected = await there.fetch(url).catch((error) => error);
      assert.equal(rejected.cause.code, 'DEPTH_ZERO_SELF_SIGNED_CERT');
      const agent = await there.httpsAgent({ ...tls, family: 4 });
      const got = await new Promise<string>((resolve, reject) =>
        getSecure(url, { agent }, (answer) => textOf(answer).then(resolve, reject)).on('error', reject),
      );
      assert.equal(got, 'secret');
      agent.destroy();
      await closed(secure);
      await noConnections();
    });
  });

  it('leave no descriptor after all of that', async () => {
    await leavesNothing();
  });
});
