import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import {
  type AddressEvent,
  addRoute,
  type LinkEvent,
  monitorAddresses,
  monitorFdb,
  monitorLinks,
  monitorNeighbors,
  monitorRoutes,
  type RouteEvent,
  RouteSocket,
  removeRoute,
} from '../../src/index.js';
import { ip } from '../rtnetlink/world.js';
import { descriptors } from './lifecycle-census.js';
import { describeInOwnMounts } from './own-mounts.js';

/** Takes events until one fits, which is the last. */
async function until<Event>(
  events: AsyncIterableIterator<Event>,
  fits: (event: Event) => boolean,
): Promise<Event[]> {
  const taken: Event[] = [];
  for (;;) {
    const { value, done } = await events.next();
    assert.ok(!done, 'the events ended');
    taken.push(value);
    if (fits(value)) return taken;
  }
}

const named =
  (event: LinkEvent['event'], name: string) =>
  (found: LinkEvent): boolean =>
    found.event === event && 'link' in found && found.link.name === name;

describeInOwnMounts(import.meta.url, 'rtnetlink monitors', () => {
  let socket: RouteSocket;
  let br0: number;

  before(async () => {
    ip('ip link set lo up');
    socket = await RouteSocket.open();
    await socket.links.add({ name: 'br0', up: true, bridge: {} });
    br0 = (await socket.links.get('br0')).index;
    await socket.addresses.add({ link: br0, address: '10.0.0.1', prefixLength: 24 });
  });
  after(() => socket[Symbol.dispose]());

  it('tell of links that come, change and go, and not that one is gone which has only left its bridge', async () => {
    const events = await monitorLinks();
    ip('ip link add a0 type veth peer name a1');
    ip('ip link set a0 master br0 up');
    ip('ip link set a0 mtu 1300');
    ip('ip link set a0 nomaster');
    ip('ip link set a0 name b0');
    ip('ip link del b0');
    const all = await until(events, named('deleted', 'b0'));
    await events.return?.();
    const a0 = all.flatMap((event) => ('link' in event && event.link.name === 'a0' ? [event] : []));
    assert.ok(a0.every(({ event }) => event === 'new'));
    assert.ok(a0.some(({ link }) => link.master === br0));
    assert.ok(a0.some(({ link }) => link.mtu === 1300 && link.kind === 'veth'));
    assert.equal(a0.at(-1)?.link.master, undefined);
    assert.equal(a0[0]?.link.up, false);
  });

  it('tell of addresses, routes, neighbours and fdb entries', async () => {
    const [addresses, routes, neighbors, fdb] = await Promise.all([
      monitorAddresses(),
      monitorRoutes(),
      monitorNeighbors(),
      monitorFdb(),
    ]);
    const isSeven = (event: AddressEvent): boolean =>
      'address' in event && event.address.address === 'fd00::7';
    ip('ip addr add fd00::7/64 dev br0 nodad');
    const added = await until(addresses, isSeven); // the kernel's own thread tells of it, if it is still there by then
    ip('ip addr del fd00::7/64 dev br0');
    ip('ip addr add 10.7.0.1/24 dev br0');
    ip('ip route add 10.9.0.0/24 via 10.0.0.2 table 1000');
    ip('ip route del 10.9.0.0/24 table 1000');
    ip('ip -6 route add blackhole fd99::/64');
    ip('ip neigh add 10.0.0.5 lladdr 02:00:00:00:00:05 dev br0');
    ip('ip neigh del 10.0.0.5 dev br0');
    ip('bridge fdb add 02:00:00:00:00:09 dev br0 self local');
    const six = [...added, ...(await until(addresses, (event) => event.event === 'deleted'))];
    assert.deepEqual(
      six.filter(isSeven).map(({ event }) => event),
      ['new', 'deleted'],
    );
    await until(addresses, (event) => 'address' in event && event.address.address === '10.7.0.1');
    const [deleted] = (
      await until(routes, (event) => event.event === 'deleted' && event.route.table === 1000)
    ).slice(-1);
    assert.ok(deleted && 'route' in deleted && deleted.route.gateway === '10.0.0.2');
    await until(routes, (event) => 'route' in event && event.route.type === 'blackhole');
    const gone = await until(neighbors, (event) => event.event === 'deleted');
    assert.ok(gone.every((event) => 'neighbor' in event && event.neighbor.family !== 'bridge'));
    const [entry] = (
      await until(fdb, (event) => 'neighbor' in event && event.neighbor.lladdr === '02:00:00:00:00:09')
    ).slice(-1);
    assert.ok(entry && 'neighbor' in entry && entry.neighbor.family === 'bridge');
    for (const events of [addresses, routes, neighbors, fdb]) await events.return?.();
    ip('ip addr del 10.7.0.1/24 dev br0');
  });

  it('begin with what there is when they are asked to', async () => {
    const events = await monitorLinks({ present: true });
    ip('ip link add late0 type ifb');
    const first = await until(events, ({ event }) => event === 'complete');
    const names = first.flatMap((event) => ('link' in event ? [event.link.name] : []));
    assert.ok(names.includes('lo') && names.includes('br0'));
    assert.ok(first.slice(0, -1).every(({ event }) => event === 'present'));
    await until(events, named('new', 'late0'));
    await events.return?.();
    ip('ip link del late0');
  });

  it('lose what comes faster than it is taken, say so, and list what there is, so that nothing stays unknown', async () => {
    const events = await monitorRoutes({ receiveBuffer: 1 });
    const route = (i: number) => ({ destination: `10.100.${i >> 8}.${i & 0xff}`, gateway: '10.0.0.2' });
    const all = Array.from({ length: 2000 }, (_, i) => i);
    for (let at = 0; at < all.length; at += 100)
      await socket.batch(all.slice(at, at + 100).map((i) => addRoute(route(i))));
    await socket.batch(
      all
        .filter((i) => i % 2)
        .slice(0, 500)
        .map((i) => removeRoute(route(i))),
    );

    const known = new Set<string>();
    const seen = new Set<RouteEvent['event']>();
    let fresh: Set<string> | undefined;
    const apply = (event: RouteEvent): void => {
      seen.add(event.event);
      if (event.event === 'lost') fresh = new Set();
      else if (event.event === 'complete') {
        known.clear();
        for (const one of fresh ?? []) known.add(one);
      } else {
        const name = `${event.route.destination}/${event.route.prefixLength} ${event.route.table}`;
        if (event.event === 'present') fresh?.add(name);
        else if (event.event === 'new') known.add(name);
        else known.delete(name);
      }
    };
    for (const event of await until(events, ({ event }) => event === 'complete')) apply(event);
    await socket.routes.add({ destination: '10.200.0.0', type: 'blackhole' });
    const last = (event: RouteEvent): boolean => 'route' in event && event.route.destination === '10.200.0.0';
    for (const event of await until(events, last)) apply(event);
    await events.return?.();

    assert.deepEqual([seen.has('lost'), seen.has('present'), seen.has('complete')], [true, true, true]);
    const there = (await socket.routes.list()).filter(({ destination }) => destination.startsWith('10.100.'));
    assert.equal(there.length, 1500);
    assert.deepEqual(
      [...known].filter((name) => name.startsWith('10.100.')).sort(),
      there.map(({ destination, prefixLength, table }) => `${destination}/${prefixLength} ${table}`).sort(),
    );
  });

  it('end when they are left or aborted, also while one waits, and leave no descriptor', async () => {
    const first = await monitorLinks(); // whatever is opened once stays
    const ended = first.next();
    await first.return?.();
    await ended;
    const before = descriptors();
    for (const end of ['return', 'abort', 'break'] as const) {
      const controller = new AbortController();
      const events = await monitorLinks({ signal: controller.signal });
      if (end === 'break') {
        ip('ip link set br0 alias again');
        for await (const _ of events) break;
      } else {
        const waiting = events.next();
        if (end === 'return') await events.return?.();
        else controller.abort();
        assert.deepEqual(await waiting, { value: undefined, done: true });
      }
      assert.deepEqual(await events.next(), { value: undefined, done: true });
      assert.deepEqual(descriptors(), before, end);
    }
    const aborted = await monitorLinks({ signal: AbortSignal.abort(), present: true });
    assert.deepEqual(await aborted.next(), { value: undefined, done: true });
    assert.deepEqual(descriptors(), before);
  });
});
