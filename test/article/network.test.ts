/** CLONE_NEWNET: what the article sees of its network, and what ip(8) and nft(8) see of it there. */
import assert from 'node:assert/strict';
import { leaveMachineAsItWas } from '../kernel/machine.js';
import { experiment, found } from './example.js';

leaveMachineAsItWas();

/** Commands in the example's own network, each of which prints a line of JSON. */
const LOOKS = {
  host: 'ip -j -d address',
  one: 'nsenter --net=/run/netns/dryns1 ip -j -d address',
  two: 'nsenter --net=/run/netns/dryns2 ip -j -d address',
  names: 'ip -j netns list',
  routes: 'ip -j route',
  routesOfOne: 'nsenter --net=/run/netns/dryns1 ip -j route',
  routesOfTwo: 'nsenter --net=/run/netns/dryns2 ip -j route',
  forwarding: 'cat /proc/sys/net/ipv4/ip_forward',
  rules: 'nft -j list ruleset',
} as const;
const script = Object.entries(LOOKS).map(
  ([name, command]) => `printf '@%s %s\\n' ${name} "$(${command} | tr -d '\\n')"`,
);

/** `-s 172.17.0.0/16 -o eth0 -j MASQUERADE`, as nft(8) says it. */
const MASQUERADE = [
  {
    match: {
      op: '==',
      left: { payload: { protocol: 'ip', field: 'saddr' } },
      right: { prefix: { addr: '172.17.0.0', len: 16 } },
    },
  },
  { match: { op: '==', left: { meta: { key: 'oifname' } }, right: 'eth0' } },
  { masquerade: null },
];

interface SeenLink {
  readonly ifname: string;
  readonly operstate: string;
  readonly master?: string;
  readonly addr_info: readonly {
    readonly family: string;
    readonly local: string;
    readonly prefixlen: number;
  }[];
  readonly linkinfo?: { readonly info_kind: string; readonly info_data: { readonly stp_state: number } };
}

/** What such a command said. */
function seen<Seen>(name: keyof typeof LOOKS, output: string): Seen {
  const [text] = found(new RegExp(`^@${name} (.*)$`, 'm'), output);
  return JSON.parse(text as string);
}

/** In short: `eth0 UP 172.17.0.2/16`, with the bridge that it is a port of. */
const links = (name: keyof typeof LOOKS, output: string): string[] =>
  seen<SeenLink[]>(name, output).map(({ ifname, operstate, master, addr_info }) => {
    const own = addr_info.filter(({ family }) => family === 'inet');
    const addresses = own.map(({ local, prefixlen }) => `${local}/${prefixlen}`);
    return [ifname, operstate, ...(master === undefined ? [] : [`of ${master}`]), ...addresses].join(' ');
  });

const routes = (name: keyof typeof LOOKS, output: string): unknown[] =>
  seen<{ dst: string; gateway?: string; dev: string }[]>(name, output).map(({ dst, gateway, dev }) => [
    dst,
    gateway,
    dev,
  ]);

experiment(
  'two namespaces on a bridge reach each other, by NAT the outside, and with a resolver file its names',
  { example: '11-network', args: ['sh', '-c', script.join('\n')], needs: ['ip', 'nft', 'nsenter', 'getent'] },
  (said) => {
    const answers = (when: string): string[] => {
      const [line] = found(new RegExp(`^${when}: (.*)$`, 'm'), said) as [string];
      return [...line.matchAll(/([\d.]+) answers/g)].map(([, address]) => address as string);
    };
    const inside = ['172.17.0.3', '172.17.0.1'];
    for (const step of ['With the bridge', 'With default routes', 'With forwarding'])
      assert.deepEqual(answers(step), inside, step);
    assert.deepEqual(answers('With NAT'), [...inside, '103.235.46.96']);
    assert.match(said, /^ {2}the web server there says: hello 172\.19\.0\.12$/m);
    assert.match(said, /^With the name server of the host dryns1 finds www\.baidu\.com at no address$/m);
    assert.match(said, /^With one of its own: 103\.235\.46\.96$/m);

    assert.deepEqual(links('host', said), [
      'lo UNKNOWN 127.0.0.1/8',
      'eth0 UP 172.19.0.12/20',
      'drybr0 UP 172.17.0.1/16',
      'drybr0.1 UP of drybr0',
      'drybr0.2 UP of drybr0',
    ]);
    const bridge = seen<SeenLink[]>('host', said).find(({ ifname }) => ifname === 'drybr0');
    assert.equal(bridge?.linkinfo?.info_kind, 'bridge');
    assert.equal(bridge?.linkinfo?.info_data.stp_state, 0);
    assert.deepEqual(links('one', said), ['lo UNKNOWN 127.0.0.1/8', 'eth0 UP 172.17.0.2/16']);
    assert.deepEqual(links('two', said), ['lo UNKNOWN 127.0.0.1/8', 'eth0 UP 172.17.0.3/16']);
    assert.deepEqual(
      seen<{ name: string }[]>('names', said)
        .map(({ name }) => name)
        .sort(),
      ['dryns1', 'dryns2'],
    );
    assert.deepEqual(routes('routes', said), [
      ['default', '172.19.0.1', 'eth0'],
      ['172.17.0.0/16', undefined, 'drybr0'],
      ['172.19.0.0/20', undefined, 'eth0'],
    ]);
    for (const name of ['routesOfOne', 'routesOfTwo'] as const)
      assert.deepEqual(routes(name, said), [
        ['default', '172.17.0.1', 'eth0'],
        ['172.17.0.0/16', undefined, 'eth0'],
      ]);
    assert.equal(seen('forwarding', said), 1);
    const { nftables } = seen<{ nftables: { rule?: { expr: unknown } }[] }>('rules', said);
    assert.deepEqual(
      nftables.flatMap(({ rule }) => rule?.expr ?? []),
      MASQUERADE,
    );
  },
);

experiment(
  'a network in one call has the same, and a port of the host that leads into it',
  { example: '12-networks', args: ['sh', '-c', script.join('\n')], needs: ['ip', 'nft', 'nsenter'] },
  (said) => {
    assert.deepEqual(found(/^The (.*) is (.*) and the (.*) is (.*) in (.*), whose gateway is (.*)$/m, said), [
      ...['server', '172.17.0.2', 'client', '172.17.0.3'],
      ...['172.17.0.0/16', '172.17.0.1'],
    ]);
    assert.match(said, /^The client calls the server: hello 172\.17\.0\.3$/m);
    assert.match(said, /^The client calls the internet: hello 172\.19\.0\.12$/m);
    assert.match(said, /^The host calls its port 8080: hello (::ffff:)?172\.17\.0\.1$/m);
    assert.match(said, /^The internet calls port 8080 of the host: hello (::ffff:)?172\.19\.0\.1$/m);
    const host = links('host', said);
    assert.ok(host.includes('i8-web UP 172.17.0.1/16'), host.join());
    assert.equal(host.filter((link) => link.endsWith(' UP of i8-web')).length, 2, host.join());
    assert.deepEqual(links('one', said), ['lo UNKNOWN 127.0.0.1/8', 'eth0 UP 172.17.0.2/16']);
    assert.deepEqual(links('two', said), ['lo UNKNOWN 127.0.0.1/8', 'eth0 UP 172.17.0.3/16']);
    assert.match(said, /^Afterwards there is lo, eth0 and no rule$/m);
  },
);
