import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RouteSocket } from '../../src/index.js';
import { asIpAddress, asIpFdb, asIpNeighbor, asIpQdisc, asIpRoute, asIpRule } from '../rtnetlink/as-ip.js';
import { asIpLink, type Json, type LinkNames } from '../rtnetlink/as-ip-links.js';
import { ip, makeWorld } from '../rtnetlink/world.js';
import { describeInOwnMounts } from './own-mounts.js';

const ATTEMPTS = 400;
/** What goes on by itself. */
const GOES_ON = /_timer$|^(used|confirmed|updated)$/;

/** What a command of iproute2 prints, without what goes on while one looks. */
function printed(command: string): Json[] {
  const still = (name: string, value: unknown): unknown =>
    typeof value === 'number' && GOES_ON.test(name) ? 0 : value;
  return JSON.parse(ip(command).trim() || '[]', still) as Json[];
}

/** Compares at a moment when the command prints the same before and after we have looked. */
async function same(
  command: string,
  ours: () => Promise<Json[]>,
  part = (shown: Json[]): Json[] => shown,
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [first, found, second] = [printed(command), await ours(), printed(command)];
    if (JSON.stringify(first) === JSON.stringify(second)) {
      assert.deepEqual(found, part(first));
      return;
    }
    await sleep(20);
  }
  assert.fail(`${command} never printed the same twice`);
}

describeInOwnMounts(import.meta.url, 'what rtnetlink shows is what iproute2 shows:', () => {
  let socket: RouteSocket;
  let names: LinkNames;

  before(async () => {
    makeWorld();
    socket = await RouteSocket.open();
    names = new Map((await socket.links.list()).map(({ index, name }) => [index, name]));
  });
  after(() => socket[Symbol.dispose]());

  it('links, of every kind, with statistics', async () => {
    await same('ip -j -d -s -s link', async () =>
      (await socket.links.list()).map((link) => asIpLink(link, names)),
    );
  });

  it('one link, by name and by index', async () => {
    for (const target of ['br0', 'longlonglonglongname', 2])
      await same(`ip -j -d -s -s link show dev ${names.get(target as number) ?? target}`, async () => [
        asIpLink(await socket.links.get(target), names),
      ]);
  });

  it('links of a kind, and ports of a bridge', async () => {
    const named = (list: readonly { name?: unknown; ifname?: unknown }[]): unknown[] =>
      list.map((link) => link.name ?? link.ifname);
    const [bridge] = [...names].find(([, name]) => name === 'br0') ?? [];
    assert.deepEqual(
      named(await socket.links.list({ kind: 'vxlan' })),
      named(printed('ip -j link show type vxlan')),
    );
    assert.deepEqual(
      named(await socket.links.list({ master: bridge })),
      named(printed('ip -j link show master br0')),
    );
  });

  it('addresses', async () => {
    for (const [link, name] of names)
      await same(
        `ip -j -d addr show dev ${name}`,
        async () => (await socket.addresses.list({ link })).map(asIpAddress),
        ([shown]) => shown?.addr_info as Json[],
      );
  });

  it('routes of all tables and both families', async () => {
    await same('ip -j -d route show table all', async () =>
      (await socket.routes.list()).map((route) => asIpRoute(route, names)),
    );
  });

  it('routes of one table, link, protocol or type', async () => {
    const filters = [
      ['ip -j -d route show table 1000', { family: 'inet', table: 1000 }],
      ['ip -j -d route show table local', { family: 'inet', table: 'local' }],
      ['ip -j -d -6 route show table all proto static', { family: 'inet6', protocol: 'static' }],
      ['ip -j -d -4 route show table all type blackhole', { family: 'inet', type: 'blackhole' }],
    ] as const;
    for (const [command, filter] of filters) {
      const { table } = 'table' in filter ? filter : { table: undefined };
      await same(command, async () =>
        (await socket.routes.list(filter)).map((route) => {
          const json = asIpRoute(route, names);
          if (table !== undefined) delete json.table; // it is not printed where it is asked for
          return json;
        }),
      );
    }
    assert.deepEqual(await socket.routes.list({ table: 4711 }), []);
  });

  it('the route to somewhere', async () => {
    const route = await socket.routes.get({ destination: '10.1.5.5', from: '10.0.0.1' });
    const [shown] = printed('ip -j route get 10.1.5.5 from 10.0.0.1');
    assert.deepEqual(
      [route.destination, route.gateway, names.get(route.link ?? 0), route.type],
      [shown?.dst, shown?.gateway, shown?.dev, 'unicast'],
    );
    const asked = { destination: '10.9.0.7' };
    await assert.rejects(socket.routes.get(asked), { code: 'EINVAL' });
    const local = await socket.routes.get({ destination: '10.0.0.1' });
    assert.equal(local.type, 'local');
  });

  it('rules', async () => {
    await same('ip -j -d rule', async () => (await socket.rules.list({ family: 'inet' })).map(asIpRule));
    await same('ip -j -d -6 rule', async () => (await socket.rules.list({ family: 'inet6' })).map(asIpRule));
  });

  it('neighbours, and what is answered for', async () => {
    await same('ip -j -d -s neigh show nud all', async () =>
      (await socket.neighbors.list()).map((neighbor) => asIpNeighbor(neighbor, names)),
    );
    await same('ip -j neigh show proxy', async () =>
      (await socket.neighbors.list({ proxy: true })).map((neighbor) => asIpNeighbor(neighbor, names)),
    );
  });

  it('the fdb of bridges and vxlan links', async () => {
    await same('bridge -j -d -s fdb', async () =>
      (await socket.fdb.list()).map((entry) => asIpFdb(entry, names)),
    );
  });

  it('queueing disciplines', async () => {
    await same('tc -j -s qdisc show', async () =>
      (await socket.qdiscs.list()).map((qdisc) => asIpQdisc(qdisc, names)),
    );
  });
});
