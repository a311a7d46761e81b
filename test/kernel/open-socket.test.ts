import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { it } from 'node:test';
import { createNamespaces, Namespace, SpecError } from '../../src/index.js';
import { openSocket, openSockets } from '../../src/namespaces/open-socket.js';
import { closeDescriptor, trySyscall } from '../../src/syscalls/binding.js';
import { AF, FCNTL, IOCTL, SO, SOCK, SOL_SOCKET } from '../../src/syscalls/constants.js';
import { describeAlsoAsUser } from './also-as-user.js';
import { isRoot } from './caller.js';
import { descriptors } from './lifecycle-census.js';

const TCP = { family: AF.INET, type: SOCK.STREAM, protocol: 0 };
const UDP6 = { family: AF.INET6, type: SOCK.DGRAM | SOCK.NONBLOCK, protocol: 0 };
const NETLINK = { family: AF.NETLINK, type: SOCK.RAW, protocol: 0 };

async function world() {
  const made = await createNamespaces(isRoot ? ['net'] : ['user', 'net']);
  return Object.assign(made, { net: made.net as Namespace });
}

/** What the kernel says about which network namespace a socket belongs to. */
function placeOf(socket: number): string {
  const fd = trySyscall('ioctl', socket, IOCTL.SIOCGSKNS, 0);
  assert.ok(fd >= 0, `SIOCGSKNS: ${fd}`);
  using namespace = Namespace.open({ fd });
  closeDescriptor(fd);
  return `${namespace}`;
}

describeAlsoAsUser(import.meta.url, 'sockets in another network namespace', () => {
  it('belong there, and close on exec', async () => {
    using made = await world();
    const home = readlinkSync('/proc/thread-self/ns/net');
    const socket = await openSocket(made.net, TCP);
    assert.equal(placeOf(socket), `${made.net}`);
    assert.equal(trySyscall('fcntl', socket, FCNTL.F_GETFD), 1);
    assert.equal(readlinkSync('/proc/thread-self/ns/net'), home);
    closeDescriptor(socket);
  });

  it('come in any number and of any kind, in their order, and leave no descriptor', async () => {
    using made = await world();
    await openSocket(made.net, TCP).then(closeDescriptor); // whatever is opened once stays
    const before = descriptors();
    const kinds = [...Array(20).fill([TCP, UDP6]).flat(), NETLINK];
    const sockets = await openSockets(made.net, kinds);
    const option = (socket: number, name: number): number => {
      const value = new Int32Array(1);
      assert.equal(trySyscall('getsockopt', socket, SOL_SOCKET, name, value, new Int32Array([4])), 0);
      return value[0] as number;
    };
    assert.deepEqual(
      sockets.map((socket) => [option(socket, SO.DOMAIN), option(socket, SO.TYPE)]),
      kinds.map(({ family, type }) => [family, type & 0xf]),
    );
    assert.equal((trySyscall('fcntl', sockets[1] as number, FCNTL.F_GETFL, 0) & SOCK.NONBLOCK) !== 0, true);
    assert.deepEqual(new Set(sockets.map(placeOf)), new Set([`${made.net}`]));
    for (const socket of sockets) closeDescriptor(socket);
    assert.deepEqual(descriptors(), before);
    assert.deepEqual(await openSockets(made.net, []), []);
  });

  it('come in parallel, also when the handle is disposed of meanwhile', async () => {
    let pending: Promise<number>[];
    {
      using made = await world();
      pending = Array.from({ length: 10 }, () => openSocket(made.net, TCP));
    }
    const sockets = await Promise.all(pending);
    const [first, ...rest] = sockets.map(placeOf);
    assert.ok(rest.every((place) => place === first));
    for (const socket of sockets) closeDescriptor(socket);
  });

  it('fail as socket(2) does, all or none, and leave no descriptor', async () => {
    using made = await world();
    await openSocket(made.net, TCP).then(closeDescriptor);
    const before = descriptors();
    const none = { family: 45, type: SOCK.STREAM, protocol: 0 };
    await assert.rejects(openSockets(made.net, [TCP, none, TCP]), {
      code: 'EAFNOSUPPORT',
      syscall: 'socket',
    });
    const { fd } = made.net;
    await assert.rejects(openSocket({ kind: 'uts', fd }, TCP), SpecError);
    assert.deepEqual(descriptors(), before);
  });

  if (!isRoot)
    it('are refused, with a reason, where the namespace is another user’s', async () => {
      using own = Namespace.open(process.pid, 'net');
      const message = /join the net namespace: EPERM. It takes CAP_SYS_ADMIN.*be root/;
      await assert.rejects(openSocket(own, TCP), { name: 'Isol8Error', code: 'EPERM', message });
    });
});
