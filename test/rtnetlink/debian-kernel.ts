/**
 * Runs by hand as the first program of a machine with a stock Debian kernel, see docs/decisions: makes the kinds of links and
 * qdiscs that smaller kernels lack, and compares what is there with what iproute2 prints.
 */
import assert from 'node:assert/strict';
import { release } from 'node:os';
import { RouteSocket } from '../../src/rtnetlink/route-socket.js';
import { asIpAddress, asIpFdb, asIpNeighbor, asIpQdisc, asIpRoute, asIpRule } from './as-ip.js';
import { asIpLink, type Json } from './as-ip-links.js';
import { ip, makeWorld } from './world.js';

const GOES_ON = /_timer$|^(used|confirmed|updated)$/;
const still = (name: string, value: unknown): unknown =>
  typeof value === 'number' && GOES_ON.test(name) ? 0 : value;
const printed = (command: string): Json[] => JSON.parse(ip(command).trim() || '[]', still) as Json[];

let failures = 0;

async function check(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
    console.log(`ok: ${what}`);
  } catch (error) {
    failures++;
    console.log(`FAILED: ${what}: ${(error as Error).message}`);
  }
}

/** Until the command prints the same before and after. */
async function same(command: string, ours: () => Promise<Json[]>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const [first, found, second] = [printed(command), await ours(), printed(command)];
    if (JSON.stringify(first) === JSON.stringify(second)) return assert.deepEqual(found, first);
  }
  assert.fail(`${command} never held still`);
}

console.log(`Linux ${release()}, ${ip('ip -V').trim()}`);
using socket = await RouteSocket.open();
const names = async (): Promise<Map<number, string>> =>
  new Map((await socket.links.list()).map(({ index, name }) => [index, name]));
const index = async (name: string): Promise<number> => (await socket.links.get(name)).index;

await check('dummy', async () => {
  await socket.links.add({ name: 'd0', kind: 'dummy', mtu: 1400, address: '02:00:00:00:00:01', up: true });
  const [link] = printed('ip -j -d link show dev d0') as { linkinfo: Json; mtu: number }[];
  assert.deepEqual([link?.linkinfo, link?.mtu], [{ info_kind: 'dummy' }, 1400]);
});
await check('vlan', async () => {
  const link = await index('d0');
  await socket.links.add({
    name: 'v10',
    up: true,
    vlan: {
      ...{ link, id: 10, protocol: '802.1ad', flags: { reorderHeader: false, looseBinding: true } },
      ...{ egressQos: [{ from: 1, to: 2 }], ingressQos: [{ from: 3, to: 4 }] },
    },
  });
  const [vlan] = printed('ip -j -d link show dev v10') as { linkinfo: { info_data: Json } }[];
  assert.deepEqual(vlan?.linkinfo.info_data, {
    ...{ protocol: '802.1ad', id: 10, flags: ['LOOSE_BINDING'] },
    ...{ ingress_qos: [{ from: 3, to: 4 }], egress_qos: [{ from: 1, to: 2 }] },
  });
});
await check('ipvlan', async () => {
  await socket.links.add({ name: 'd1', kind: 'dummy', up: true });
  const link = await index('d1');
  await socket.links.add({ name: 'i0', up: true, ipvlan: { link, mode: 'l3', flag: 'private' } });
  const [ipvlan] = printed('ip -j -d link show dev i0') as { linkinfo: Json }[];
  assert.deepEqual(ipvlan?.linkinfo.info_data, { mode: 'l3', private: true });
});
await check('vlan filtering', async () => {
  await socket.links.add({
    name: 'brv',
    bridge: { vlanFiltering: true, vlanProtocol: '802.1ad', vlanDefaultPvid: 7 },
  });
  const [bridge] = printed('ip -j -d link show dev brv') as { linkinfo: { info_data: Json } }[];
  const data = bridge?.linkinfo.info_data;
  assert.deepEqual([data?.vlan_filtering, data?.vlan_protocol, data?.vlan_default_pvid], [1, '802.1ad', 7]);
});
await check('netem', async () => {
  const link = await index('d0');
  const netem = {
    ...{ delay: 100_000, jitter: 10_000, delayCorrelation: 0.25, loss: 0.01, lossCorrelation: 0.05 },
    ...{ duplicate: 0.02, duplicateCorrelation: 0.03, reorder: 0.25, reorderCorrelation: 0.5, gap: 5 },
    ...{ corrupt: 0.001, corruptCorrelation: 0.02, limit: 500, rate: 125_000 },
    ...{ packetOverhead: 20, cellSize: 100, cellOverhead: 5 },
  };
  await socket.qdiscs.add({ link, handle: '1:', netem });
  const shown = (): Promise<void> =>
    same('tc -j -s qdisc show dev d0', async () =>
      (await socket.qdiscs.list({ link })).map((qdisc) => ({ ...asIpQdisc(qdisc, new Map()) })),
    );
  await shown();
  const [qdisc] = await socket.qdiscs.list({ link });
  const rounded = JSON.parse(JSON.stringify(qdisc?.netem), (_, value) =>
    typeof value === 'number' && value < 1 ? Math.round(value * 1e6) / 1e6 : value,
  );
  assert.deepEqual(rounded, netem);
  const models = [
    { lossGemodel: { p: 0.01, r: 0.1, h: 0.3, k1: 0.001 } },
    { lossState: { p13: 0.01, p31: 0.1, p32: 0.75, p23: 0.001, p14: 0.05 } },
    { slot: { minDelay: 800_000, maxDelay: 1_000_000, packets: 5, bytes: 1000 }, rate: 6_250_000_000 },
  ];
  for (const model of models) {
    await socket.qdiscs.replace({ link, handle: '1:', netem: model });
    await shown();
  }
  await socket.qdiscs.remove({ link });
});
await check('a kind that even this kernel lacks', async () => {
  await assert.rejects(socket.links.add({ name: 'x0', kind: 'nonesuch' }), /modprobe nonesuch/);
});

makeWorld();
const all = await names();
await check('all links as ip prints them', () =>
  same('ip -j -d -s -s link', async () => (await socket.links.list()).map((link) => asIpLink(link, all))),
);
for (const [link, name] of all)
  await check(`addresses of ${name}`, async () => {
    const [shown] = printed(`ip -j -d addr show dev ${name}`) as { addr_info: Json[] }[];
    assert.deepEqual((await socket.addresses.list({ link })).map(asIpAddress), shown?.addr_info);
  });
await check('routes', () =>
  same('ip -j -d route show table all', async () =>
    (await socket.routes.list()).map((route) => asIpRoute(route, all)),
  ),
);
await check('rules', () =>
  same('ip -j -d rule', async () => (await socket.rules.list({ family: 'inet' })).map(asIpRule)),
);
await check('neighbours', () =>
  same('ip -j -d -s neigh show nud all', async () =>
    (await socket.neighbors.list()).map((neighbor) => asIpNeighbor(neighbor, all)),
  ),
);
await check('fdb', () =>
  same('bridge -j -d -s fdb', async () => (await socket.fdb.list()).map((entry) => asIpFdb(entry, all))),
);
await check('qdiscs', () =>
  same('tc -j -s qdisc show', async () => (await socket.qdiscs.list()).map((qdisc) => asIpQdisc(qdisc, all))),
);
console.log(failures === 0 ? 'ALL OK' : `${failures} FAILED`);
