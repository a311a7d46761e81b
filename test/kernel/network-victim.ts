/** A program that is killed before (`before N`) or after its Nth netlink datagram while it makes, uses and removes a network. */
import { createNamespaces, type Namespace, Network } from '../../src/index.js';
import { NetlinkChannel } from '../../src/netlink/channel.js';

const [when, at] = [process.argv[2], Number(process.argv[3])];
const die = (): void => void process.kill(process.pid, 'SIGKILL');

const { net } = await createNamespaces(['net']);
const { send } = NetlinkChannel.prototype;
let count = 0;
NetlinkChannel.prototype.send = async function (...args) {
  count++;
  if (count === at && when === 'before') die();
  await send.apply(this, args);
  if (count === at && when === 'after') die();
};

const network = await Network.create({ name: 'victim' });
const attachment = await network.attach(net as Namespace, {
  name: 'me',
  publish: ['8090:80', '8090:80/udp'],
});
await attachment.detach();
await network.remove();
network.close();
console.log('finished');
