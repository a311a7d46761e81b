/** Sockets in another network namespace as another runtime has them; see library-program.ts. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNamespaces, type Namespace, run, UnsupportedError } from '../../src/index.js';

const bun = process.versions.bun !== undefined;
const descriptors = (): number => readdirSync('/proc/self/fd').length;
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const made = await createNamespaces(process.getuid?.() === 0 ? ['net'] : ['user', 'net'], { loopback: true });
const net = made.net as Namespace;

/** What a program inside reads from a port there. */
async function inside(port: number): Promise<string> {
  const namespaces = made.user ? { user: made.user, net } : { net };
  const { stdout, stderr } = await run(['bash', '-c', `cat < /dev/tcp/127.0.0.1/${port}`], { namespaces });
  return stdout + stderr;
}

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

const checks: Record<string, () => Promise<void>> = {
  async 'a server listens inside'() {
    const server = await net.listen({ host: '127.0.0.1' });
    server.on('connection', (socket) => socket.end('hello'));
    assert.equal(await inside(portOf(server)), 'hello');
    const port = portOf(server);
    const taken = { code: 'EADDRINUSE', syscall: 'listen', address: '127.0.0.1', port };
    await assert.rejects(net.listen({ host: '127.0.0.1', port }), taken);
    await closed(server);
  },
  async 'datagrams are sent and received inside'() {
    const receiver = await net.udp({ address: '127.0.0.1' });
    const sender = await net.udp();
    sender.send('hello', receiver.address().port, '127.0.0.1');
    const [message] = await once(receiver, 'message');
    assert.equal(String(message), 'hello');
    const second = once(receiver, 'message');
    const namespaces = made.user ? { user: made.user, net } : { net };
    await run(['bash', '-c', `echo inside > /dev/udp/127.0.0.1/${receiver.address().port}`], { namespaces });
    assert.equal(String((await second)[0]), 'inside\n');
    sender.close();
    receiver.close();
  },
  async 'a connection begins inside, or is refused clearly'() {
    if (bun) return refused(() => net.connect(1));
    const server = await net.listen();
    server.on('connection', (socket) => socket.end('hello'));
    const port = portOf(server);
    let text = '';
    for await (const chunk of await net.connect(port)) text += chunk;
    assert.equal(text, 'hello');
    await closed(server);
    await assert.rejects(net.connect(port), { code: 'ECONNREFUSED', syscall: 'connect' });
  },
  async 'so does a request'() {
    if (bun) {
      for (const call of [() => net.fetch('http://127.0.0.1'), () => net.httpAgent(), () => net.httpsAgent()])
        await refused(call);
      return;
    }
    const server = await net.listen({ server: createServer((_, answer) => answer.end('hello')) });
    const url = `http://127.0.0.1:${portOf(server)}`;
    assert.equal(await (await net.fetch(new Request(url))).text(), 'hello');
    const agent = await net.httpAgent();
    const [answer] = await once(get(url, { agent }), 'response');
    let text = '';
    for await (const chunk of answer) text += chunk;
    assert.equal(text, 'hello');
    server.closeAllConnections();
    await closed(server);
  },
};

const refused = (call: () => Promise<unknown>): Promise<void> => assert.rejects(call, UnsupportedError);

for (const round of [0, 1, 2]) {
  const before = descriptors();
  for (const [title, check] of Object.entries(checks)) {
    await check().catch((error) => {
      console.error(`not ok: ${title}:`, error);
      process.exit(1);
    });
    if (round === 0) console.log(`ok: ${title}`);
  }
  if (round < 2) continue;
  for (let tries = 0; tries < 1000 && descriptors() > before; tries++) await sleep(10);
  assert.ok(descriptors() <= before, `${before} descriptors before, ${descriptors()} now`);
  console.log('ok: no descriptor is left');
}
made[Symbol.dispose]();
