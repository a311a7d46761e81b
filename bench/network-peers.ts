/** What else wires namespaces to a bridge: as scripts of sh(1) that do it a number of times. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export interface WiringPeer {
  readonly what: string;
  /** Why it is not measured; undefined when it is there. */
  readonly missing: string | undefined;
  /** What it is given, besides sh(1). */
  script(count: number): string;
}

const PLUGINS = '/usr/lib/cni';

const CNI = JSON.stringify({
  ...{ cniVersion: '0.4.0', name: 'bench', type: 'bridge', bridge: 'benchbr', isGateway: true },
  ipam: {
    ...{ type: 'host-local', subnet: '10.77.0.0/16', dataDir: '/run/cni' },
    routes: [{ dst: '0.0.0.0/0' }],
  },
});

/** Each plugin is a program that is started for each namespace, as a container engine does. */
const cni: WiringPeer = {
  what: "CNI's bridge and host-local, with ip netns add",
  missing: existsSync(`${PLUGINS}/bridge`) ? undefined : 'containernetworking-plugins is not installed',
  script: (count) => `
export CNI_COMMAND=ADD CNI_IFNAME=eth0 CNI_PATH=${PLUGINS}
i=0
while [ $i -lt ${count} ]; do
  ip netns add n$i
  echo '${CNI}' | CNI_CONTAINERID=n$i CNI_NETNS=/run/netns/n$i ${PLUGINS}/bridge
  i=$((i + 1))
done`,
};

const PYTHON = '/usr/bin/python3';

const pyroute2: WiringPeer = {
  what: 'pyroute2, with the start of Python',
  missing:
    spawnSync(PYTHON, ['-c', 'import pyroute2'], { stdio: 'ignore' }).status === 0
      ? undefined
      : 'python3-pyroute2 is not installed',
  script: (count) => `
${PYTHON} - <<'END'
from pyroute2 import IPRoute, NetNS, netns
ip = IPRoute()
ip.link('add', ifname='benchbr', kind='bridge')
bridge = ip.link_lookup(ifname='benchbr')[0]
ip.addr('add', index=bridge, address='10.77.0.1', prefixlen=16)
ip.link('set', index=bridge, state='up')
for i in range(${count}):
    netns.create(f'n{i}')
    ip.link('add', ifname=f'v{i}', kind='veth', peer={'ifname': 'eth0', 'net_ns_fd': f'n{i}'})
    port = ip.link_lookup(ifname=f'v{i}')[0]
    ip.link('set', index=port, master=bridge, state='up')
    with NetNS(f'n{i}') as inside:
        inside.link('set', index=1, state='up')
        eth0 = inside.link_lookup(ifname='eth0')[0]
        inside.addr('add', index=eth0, address=f'10.77.{(i + 2) >> 8}.{(i + 2) & 255}', prefixlen=16)
        inside.link('set', index=eth0, state='up')
        inside.route('add', dst='default', gateway='10.77.0.1')
END`,
};

export const WIRING_PEERS: readonly WiringPeer[] = [cni, pyroute2];
