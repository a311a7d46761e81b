/** Readings of networks as no kernel gives them: any names, any relations. */
import fc from 'fast-check';
import type { ListedNamespace } from '../../src/namespaces/list/namespace.js';
import type { Address, Link, Route } from '../../src/rtnetlink/index.js';
import type { NetReading, PlaceReading } from '../../src/web/net/reading.js';

const HOSTILE = [
  '<script>',
  '</TD>',
  '"',
  '\\',
  '\\"',
  '\\\\',
  '\\N',
  '\\n',
  '&amp;',
  ']>',
  '-->',
  '{|}',
  '#35;',
  '%',
  '$',
  '`',
];

/** What a link may be called, and what escaping could forget: 1 to 15 bytes in the kernel, a little more here. */
export const names: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 4 })), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => parts.join(''))
  .filter((name) => name !== '');

const kinds = fc.constantFrom('bridge', 'veth', 'macvlan', 'vxlan', 'dummy', 'constructor', undefined);

const link = (index: number): fc.Arbitrary<Link> =>
  fc
    .record({
      name: names,
      kind: kinds,
      master: fc.integer({ min: 0, max: index - 1 }),
      link: fc.integer({ min: 0, max: 8 }),
      linkNetnsId: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
      up: fc.boolean(),
      mtu: fc.nat(),
      id: fc.nat({ max: 2 }),
    })
    .map(({ kind, linkNetnsId, id, ...rest }) => ({
      ...rest,
      index,
      altNames: [],
      linkType: index === 1 ? 'loopback' : 'ether',
      flags: [],
      ...(kind === undefined ? {} : { kind }),
      ...(kind === 'vxlan' ? { vxlan: { id, remote: '10.0.0.1' } } : {}),
      ...(linkNetnsId === undefined ? {} : { linkNetnsId }),
    }));

const address: fc.Arbitrary<Address> = fc.record({
  link: fc.integer({ min: 1, max: 8 }),
  family: fc.constant('inet' as const),
  address: fc.constantFrom('10.0.0.1', '10.0.0.2'),
  prefixLength: fc.nat({ max: 32 }),
  scope: fc.constantFrom('global' as const, 'host' as const, 'link' as const),
});

const route: fc.Arbitrary<Route> = fc.record({
  family: fc.constant('inet' as const),
  type: fc.constantFrom('unicast' as const, 'blackhole' as const, 'local' as const),
  destination: fc.constant('10.0.0.0'),
  prefixLength: fc.nat({ max: 32 }),
  table: fc.constantFrom(254, 255, 7),
  protocol: fc.constantFrom('kernel' as const, 'static' as const),
  scope: fc.constant('global' as const),
  link: fc.integer({ min: 1, max: 9 }),
});

const namespaceOf = (inode: number, processes: readonly number[]): ListedNamespace => ({
  ...{ kind: 'net', inode, device: 4, processes, keptBy: [] },
  ...{ representative: undefined, owner: undefined, parent: undefined },
  ...{ ownerUid: undefined, mounts: undefined, path: undefined },
});

const place = (inode: number, inodes: readonly number[]): fc.Arbitrary<PlaceReading> =>
  fc
    .record({
      names: fc.array(names, { maxLength: 2 }),
      commands: fc.array(names, { maxLength: 3 }),
      moreProcesses: fc.nat({ max: 2 }),
      hidden: fc.option(fc.constantFrom('EPERM', 'ESRCH', 'EINTR'), { nil: undefined }),
      links: fc.tuple(...[1, 2, 3, 4, 5, 6, 7, 8].map(link)),
      count: fc.nat({ max: 8 }),
      addresses: fc.array(address, { maxLength: 4 }),
      routes: fc.array(route, { maxLength: 9 }),
      nat: fc.option(fc.array(names, { maxLength: 3 }), { nil: undefined }),
      elsewhere: fc.array(fc.tuple(fc.integer({ min: 1, max: 8 }), fc.constantFrom(...inodes, 1))),
    })
    .map(({ commands, hidden, links, count, elsewhere, nat, addresses, routes, ...rest }) => ({
      ...rest,
      namespace: namespaceOf(
        inode,
        commands.map((_, i) => 10 + i),
      ),
      processes: commands.map((command, i) => ({ pid: 10 + i, ppid: 1, uid: 0, user: undefined, command })),
      ...(hidden === undefined
        ? { network: { links: links.slice(0, count), addresses, routes, nat, elsewhere: new Map(elsewhere) } }
        : { hidden }),
    }));

export const readings: fc.Arbitrary<NetReading> = fc.nat({ max: 5 }).chain((count) => {
  const inodes = Array.from({ length: count }, (_, i) => 4026532000 + i);
  return fc.record({
    places: fc.tuple(...inodes.map((inode) => place(inode, inodes))),
    own: fc.constantFrom(...inodes, undefined),
    host: fc.constantFrom(...inodes, undefined),
    unreadable: fc.nat({ max: 2 }),
  });
});
