/**
 * A program that is killed before (`before N`) or after its Nth step while it makes, uses and removes a network: a netlink datagram,
 * or a change of what is written down. With `alone` the network is not used.
 */
import { createNamespaces, type Namespace, Network } from '../../src/index.js';
import { NetlinkChannel } from '../../src/netlink/channel.js';
import { NetworkStore } from '../../src/network/store.js';

const [when, at] = [process.argv[2], Number(process.argv[3])];
const die = (): void => void process.kill(process.pid, 'SIGKILL');

const { net } = await createNamespaces(['net']);
const { send } = NetlinkChannel.prototype;
let count = 0;
function* step(): Generator<void> {
  const dies = ++count === at;
  if (dies && when === 'before') die();
  yield;
  if (dies && when === 'after') die();
}
NetlinkChannel.prototype.send = async function (...args) {
  for (const _ of step()) await send.apply(this, args);
};
for (const name of ['writeFresh', 'rename', 'remove'] as const) {
  const change = NetworkStore.prototype[name] as (...args: unknown[]) => void;
  NetworkStore.prototype[name] = function (...args: unknown[]) {
    for (const _ of step()) change.apply(this, args);
  };
}

const network = await Network.create({ name: 'victim' });
if (process.argv[4] !== 'alone') {
  const publish = ['8090:80', '8090:80/udp'];
  const attachment = await network.attach(net as Namespace, { name: 'me', publish });
  await attachment.detach();
}
await network.remove();
network.close();
console.log('finished');
