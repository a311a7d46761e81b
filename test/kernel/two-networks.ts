/** Two network namespaces with a cable between them, made with iproute2, and nobody in them but who keeps them alive. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Namespace, spawn } from '../../src/index.js';
import { isRoot } from './caller.js';

export interface TwoNetworks extends Disposable {
  /** 10.80.0.1 and fd80::1 on web0; a neighbour entry makes 10.80.0.99 one that never answers. */
  readonly here: Namespace;
  /** 10.80.0.2 and fd80::2 on web1. */
  readonly there: Namespace;
}

const ADDRESS = `
address() {
  ip link set lo up
  ip addr add 10.80.0.$2/24 dev $1
  ip addr add fd80::$2/64 dev $1 nodad
  ip addr add fe80::$2/64 dev $1 nodad
  ip link set $1 addrgenmode none
  ip link set $1 up
}`;

/** Its processes end once the descriptors are there, or this process has gone. */
const WIRE = `
${ADDRESS}
unshare --net sleep 1000 & there=$!
trap 'kill $there' EXIT
while [ "$(readlink /proc/$there/ns/net)" = "$(readlink /proc/$$/ns/net)" ]; do sleep 0.01; done
ip link add web0 type veth peer name web1 netns $there
address web0 1
ip neigh add 10.80.0.99 lladdr 02:00:00:00:00:99 dev web0 nud permanent
nsenter --target $there --net sh -ec '${ADDRESS}
  address web1 2'
echo $$ $there
read end || true
`;

export async function twoNetworks(): Promise<TwoNetworks> {
  await using holder = await spawn(['sh', '-ec', WIRE], {
    namespaces: isRoot ? ['net'] : ['user', 'net'],
    ...(isRoot ? {} : { mapUsers: 'root' }),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { value: line } = await createInterface({ input: holder.stdout as Readable })
    [Symbol.asyncIterator]()
    .next();
  if (line === undefined) throw new Error('two networks could not be made');
  const [here, there] = String(line)
    .split(' ')
    .map((pid) => Namespace.open(Number(pid), 'net')) as [Namespace, Namespace];
  holder.stdin?.end();
  await holder.exited;
  const dispose = (): void => {
    here[Symbol.dispose]();
    there[Symbol.dispose]();
  };
  return { here, there, [Symbol.dispose]: dispose };
}
