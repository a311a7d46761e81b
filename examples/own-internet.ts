import { createServer } from 'node:http';
import { createNamespaces, type Namespace, RouteSocket } from 'isol8';

/** A web server of the internet, and its name. */
export const WEB = { address: '103.235.46.96', name: 'www.baidu.com' };
/** A name server of the internet. */
export const DNS = '8.8.8.8';

/**
 * Gives this network namespace an eth0 with 172.19.0.12, and an internet behind it: one more namespace. That one answers
 * only whoever is in 172.19.0.0/20, for it has no other route.
 */
export async function makeInternet(): Promise<AsyncDisposable & { readonly net: Namespace }> {
  const { net } = await createNamespaces(['net']);
  const internet = net as Namespace;
  using host = await RouteSocket.open();
  using far = await RouteSocket.open({ namespace: internet });
  const peer = { name: 'router', netns: { fd: internet.fd } };
  await host.links.add({ name: 'eth0', kind: 'veth', veth: { peer }, up: true });
  const { index: eth0 } = await host.links.get('eth0');
  const { index: router } = await far.links.get('router');
  await far.links.setUp('router');
  await far.addresses.add({ link: router, address: '172.19.0.1', prefixLength: 20 });
  for (const address of [WEB.address, DNS])
    await far.addresses.add({ link: 1, address, prefixLength: 32, scope: 'global' });
  await host.addresses.add({ link: eth0, address: '172.19.0.12', prefixLength: 20 });
  await host.routes.add({ link: eth0, gateway: '172.19.0.1' });

  const web = createServer((request, response) => response.end(`hello ${request.socket.remoteAddress}`));
  const server = await internet.listen({ host: WEB.address, port: 80, server: web });
  const names = await internet.udp({ address: DNS, port: 53 });
  names.on('message', (question, from) => names.send(answer(question), from.port, from.address));
  return {
    net: internet,
    async [Symbol.asyncDispose]() {
      await Promise.all([server[Symbol.asyncDispose](), names[Symbol.asyncDispose]()]);
      internet[Symbol.dispose]();
    },
  };
}

/** What a name server says (RFC 1035): the one name has the one address, and there are no others. */
function answer(question: Buffer): Buffer {
  const name = WEB.name.split('.').map((label) => `${String.fromCharCode(label.length)}${label}`);
  const asked = Buffer.from(`${name.join('')}\0`);
  const end = 12 + asked.length + 4;
  const known = question.subarray(12, end - 4).equals(asked);
  const found = known && question.readUInt16BE(end - 4) === 1; // type A
  const header = Buffer.from([0x81, known ? 0x80 : 0x83, 0, 1, 0, found ? 1 : 0, 0, 0, 0, 0]);
  const section = question.subarray(12, known ? end : question.indexOf(0, 12) + 5);
  const address = Buffer.from([
    0xc0,
    12,
    0,
    1,
    0,
    1,
    0,
    0,
    0,
    60,
    0,
    4,
    ...WEB.address.split('.').map(Number),
  ]);
  return Buffer.concat([question.subarray(0, 2), header, section, ...(found ? [address] : [])]);
}
