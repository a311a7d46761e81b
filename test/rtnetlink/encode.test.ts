import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NLM_F } from '../../src/netlink/constants.js';
import type { NetlinkRequest } from '../../src/netlink/message.js';
import { addAddress, removeAddress, replaceAddress } from '../../src/rtnetlink/addresses/encode.js';
import { addLink, changeLink, removeLink } from '../../src/rtnetlink/links/encode.js';
import type { LinkSpec } from '../../src/rtnetlink/links/spec.js';
import {
  addNeighbor,
  appendNeighbor,
  removeNeighbor,
  replaceNeighbor,
} from '../../src/rtnetlink/neighbors/encode.js';
import { addQdisc, removeQdisc, replaceQdisc } from '../../src/rtnetlink/qdiscs/encode.js';
import { addRoute, appendRoute, removeRoute, replaceRoute } from '../../src/rtnetlink/routes/encode.js';
import { getRoute } from '../../src/rtnetlink/routes/get.js';
import { addRule, removeRule } from '../../src/rtnetlink/rules/encode.js';
import { addresses } from './recorded/addresses.js';
import { links } from './recorded/links.js';
import { neighbors } from './recorded/neighbors.js';
import { qdiscs } from './recorded/qdiscs.js';
import type { Recorded } from './recorded/recorded.js';
import { routes } from './recorded/routes.js';
import { rules } from './recorded/rules.js';

/** What there is in the world that was recorded in. */
const [LO, BR0, VETH1, VETH0, VX0] = [1, 2, 3, 4, 5];
const NOBODY = 4194305;

const vxlan = (options: LinkSpec['vxlan']): NetlinkRequest => addLink({ name: 'vx1', vxlan: options });

const LINKS: NetlinkRequest[] = [
  addLink({ name: 'br1', kind: 'bridge' }),
  addLink({
    name: 'br1',
    index: 77,
    bridge: {
      ...{ forwardDelay: 200, helloTime: 200, maxAge: 1000, ageingTime: 0, stp: true, priority: 5 },
      ...{ vlanFiltering: true, vlanProtocol: '802.1ad', groupForwardMask: 8, multicastSnooping: false },
      ...{ multicastRouter: 2, nfCallIptables: true },
    },
  }),
  addLink({
    name: 'br1',
    mtu: 1400,
    address: '02:00:00:00:00:01',
    up: true,
    bridge: { multicastSnooping: false },
  }),
  addLink({
    name: 'br1',
    bridge: {
      multicastMembershipInterval: 26000,
      multicastIgmpVersion: 3,
      multicastMldVersion: 2,
      booleanOptions: { noLinkLocalLearn: true },
    },
  }),
  addLink({
    ...{
      name: 'web0',
      mtu: 1400,
      address: '02:00:00:00:00:01',
      txQueues: 1,
      rxQueues: 1,
      master: BR0,
      up: true,
    },
    veth: {
      peer: {
        ...{ name: 'eth0', mtu: 1400, address: '02:00:00:00:00:02', txQueues: 1, rxQueues: 1 },
        netns: { pid: NOBODY },
      },
    },
  }),
  addLink({ name: 'web0', veth: { peer: { name: 'web1', netns: { fd: 4 } } } }),
  addLink({ name: 'web0', kind: 'veth' }),
  addLink({ name: 'web0', netns: { pid: NOBODY }, veth: { peer: { name: 'web1' } } }),
  addLink({ name: 'd0', kind: 'dummy', broadcast: 'ff:ff:ff:ff:ff:fe', txQueueLength: 5, group: 7 }),
  addLink({ name: 'v10', vlan: { link: VETH1, id: 10 } }),
  addLink({
    name: 'v10',
    up: true,
    vlan: { link: VETH1, id: 10, protocol: '802.1ad', flags: { reorderHeader: false, gvrp: true } },
  }),
  addLink({
    name: 'v10',
    vlan: {
      link: VETH1,
      id: 10,
      egressQos: [
        { from: 1, to: 2 },
        { from: 3, to: 4 },
      ],
      ingressQos: [{ from: 5, to: 6 }],
    },
  }),
  vxlan({ id: 5, remote: '10.0.0.2', local: '10.0.0.1', link: BR0, port: 4789, learning: false }),
  vxlan({ id: 0xffffff, remote: '239.1.1.1', link: BR0, learning: true }),
  vxlan({ id: 5, remote: 'fd00::2', local: 'fd00::1', port: 4789, learning: true }),
  vxlan({
    ...{ id: 5, sourcePorts: { first: 1000, last: 2000 }, ttl: 5, tos: 4, df: 'set', ageing: 30, limit: 4 },
    ...{ udpChecksum: false, udpZeroChecksum6Tx: true, proxy: true, rsc: true, l2miss: true, l3miss: true },
    ...{ gbp: true, learning: true, port: 4789 },
  }),
  vxlan({ port: 4789, learning: false, collectMetadata: true }),
  addLink({ name: 'm0', macvlan: { link: VETH1, mode: 'bridge' } }),
  addLink({ name: 'm0', macvlan: { link: VETH1, mode: 'passthru', flags: 1, broadcastQueueLength: 500 } }),
  addLink({
    name: 'm0',
    macvlan: { link: VETH1, mode: 'source', sources: ['02:00:00:00:00:01', '02:00:00:00:00:02'] },
  }),
  addLink({ name: 'i0', ipvlan: { link: VETH1, mode: 'l3', flag: 'bridge' } }),
  addLink({ name: 'i0', ipvlan: { link: VETH1, mode: 'l2', flag: 'private' } }),
  addLink({ name: 'ifb9', kind: 'ifb' }),
  changeLink(VETH1, { up: true }),
  changeLink(VETH1, { up: false }),
  changeLink(VETH1, { name: 'eth0' }),
  changeLink(VETH1, { mtu: 1300, address: '02:00:00:00:00:02' }),
  changeLink(VETH1, { master: BR0 }),
  changeLink(VETH0, { master: null }),
  changeLink(VETH1, { netns: { pid: NOBODY } }),
  changeLink(VETH1, { alias: 'hello' }),
  changeLink(VETH1, { addrGenMode: 'none' }),
  changeLink(VETH1, { promiscuous: true, arp: false, multicast: false, allMulticast: true }),
  changeLink(BR0, { bridge: { forwardDelay: 400, stp: true, multicastSnooping: false } }),
  changeLink(VETH0, { bridgePort: { hairpin: true, learning: false, flood: false, isolated: true } }),
  removeLink(VETH0),
];

const ADDRESSES: NetlinkRequest[] = [
  addAddress({ link: BR0, address: '10.0.1.1', prefixLength: 24 }),
  addAddress({ link: BR0, address: '10.0.1.1', prefixLength: 24, broadcast: '10.0.1.255' }),
  addAddress({ link: LO, address: '127.0.0.5', prefixLength: 8 }),
  addAddress({ link: BR0, address: '10.3.0.1', peer: '10.3.0.2', prefixLength: 32 }),
  addAddress({
    ...{ link: BR0, address: '10.0.1.1', prefixLength: 24, scope: 'link', label: 'br0:1', metric: 5 },
    ...{ validLifetime: 100, preferredLifetime: 50 },
  }),
  addAddress({ link: BR0, address: 'fd00::2', prefixLength: 64, noDad: true }),
  addAddress({ link: BR0, address: 'fd00::2', prefixLength: 64, noDad: true, noPrefixRoute: true }),
  replaceAddress({ link: BR0, address: 'fd00::1', prefixLength: 64, validLifetime: 100 }),
  removeAddress({ link: BR0, address: '10.0.0.1', prefixLength: 24 }),
];

const prefix = { destination: '10.1.0.0', prefixLength: 16 };
const nine = { destination: '10.9.0.0', prefixLength: 24 };

const ROUTES: NetlinkRequest[] = [
  addRoute({ gateway: '10.0.0.2' }),
  addRoute({
    ...{ destination: '::', prefixLength: 0, gateway: 'fd00::2', link: BR0 },
    ...{ metric: 9, preference: 'high', expires: 100 },
  }),
  addRoute({
    ...{ ...prefix, gateway: '10.0.0.2', source: '10.0.0.1', metric: 7, table: 1000, link: BR0 },
    protocol: 'static',
  }),
  addRoute({ ...prefix, gateway: '10.7.0.2', link: BR0, onlink: true }),
  addRoute({ ...prefix, link: BR0, table: 100, metric: 5, mtu: 1400 }),
  addRoute({
    ...{ destination: '10.1.0.1', link: BR0, mtu: 1400, advmss: 1000, hoplimit: 5, initcwnd: 10 },
    ...{ quickack: true, locked: ['mtu'] },
  }),
  addRoute({ destination: 'fd08::', prefixLength: 64, link: BR0 }),
  addRoute({ ...nine, type: 'blackhole' }),
  addRoute({ destination: 'fd05::', prefixLength: 64, type: 'unreachable', metric: 1000 }),
  addRoute({ ...nine, type: 'prohibit' }),
  addRoute({ ...nine, type: 'throw', table: 7 }),
  addRoute({ destination: '10.9.0.1', type: 'local', link: LO }),
  addRoute({ destination: '224.0.0.0', prefixLength: 4, type: 'multicast', link: BR0 }),
  addRoute({
    destination: '10.2.0.0',
    prefixLength: 24,
    nexthops: [
      { gateway: '10.0.0.2', link: BR0, weight: 2 },
      { gateway: '10.0.0.3', link: BR0, onlink: true },
    ],
  }),
  addRoute({
    destination: 'fd07::',
    prefixLength: 64,
    nexthops: [
      { gateway: 'fd00::2', link: BR0 },
      { gateway: 'fd00::3', link: BR0, weight: 5 },
    ],
  }),
  addRoute({ ...prefix, gateway: 'fd00::9', link: BR0 }),
  replaceRoute({ ...prefix, link: BR0 }),
  appendRoute({ ...prefix, link: BR0, metric: 5 }),
  removeRoute({ ...prefix, link: BR0 }),
  removeRoute({}),
  removeRoute({ destination: 'fd08::', prefixLength: 64, link: BR0, table: 9 }),
  getRoute({ destination: '10.5.5.5', from: '10.0.0.1', mark: 7 }),
  getRoute({ destination: 'fd00::5' }),
];

const ten = { from: '10.0.0.0', fromLength: 8, table: 100, priority: 1000 };

const RULES: NetlinkRequest[] = [
  addRule(ten),
  addRule({ ...ten, to: '10.9.0.1', inputLink: 'br0', outputLink: 'lo', fwmark: 5, fwmask: 0xff, tos: 8 }),
  addRule({ not: true, from: '10.0.0.1', action: 'blackhole' }),
  addRule({
    ...{ action: 'prohibit', ipProtocol: 6, sourcePorts: { first: 5, last: 5 } },
    ...{ destinationPorts: { first: 80, last: 90 }, uids: { first: 0, last: 1000 } },
  }),
  addRule({ action: 'goto', target: 32766, priority: 5 }),
  addRule({ action: 'nop', priority: 6 }),
  addRule({
    ...{ from: 'fd00::', fromLength: 64, table: 'main', suppressPrefixLength: 0, suppressGroup: 5 },
    protocol: 'static',
  }),
  addRule({ to: '10.0.0.0', toLength: 8, table: 1000 }),
  addRule({ l3mdev: true, priority: 1000 }),
  addRule({ realms: (3 << 16) | 4, tunnelId: 5n }),
  removeRule(ten),
];

const [five, seven] = ['02:00:00:00:00:05', '02:00:00:00:00:07'];
const fdb = { family: 'bridge', lladdr: seven, link: VETH0, master: true } as const;
const everyone = { family: 'bridge', lladdr: '00:00:00:00:00:00', link: VX0 } as const;

const NEIGHBORS: NetlinkRequest[] = [
  addNeighbor({ link: BR0, address: '10.0.0.5', lladdr: five }),
  replaceNeighbor({ link: BR0, address: '10.0.0.5', lladdr: five, state: 'reachable' }),
  addNeighbor({ link: BR0, address: '10.0.0.9', proxy: true }),
  addNeighbor({
    ...{ link: BR0, address: 'fd00::9', lladdr: five, router: true, externLearn: true, state: 'stale' },
    protocol: 'static',
  }),
  addNeighbor({ link: BR0, address: '10.0.0.6', managed: true }),
  removeNeighbor({ link: BR0, address: '10.0.0.5' }),
  addNeighbor({ family: 'bridge', link: BR0, lladdr: seven }),
  addNeighbor({ ...fdb, state: 'noarp' }),
  addNeighbor({ ...fdb, state: 'reachable', externLearn: true }),
  replaceNeighbor({ ...fdb, state: 'noarp', vlan: 5, sticky: true }),
  appendNeighbor({ ...everyone, address: '10.0.0.7', port: 4790, vni: 9, via: BR0 }),
  appendNeighbor({ ...everyone, address: 'fd00::7' }),
  removeNeighbor(fdb),
];

const MEGABIT = 125_000;

const QDISCS: NetlinkRequest[] = [
  addQdisc({ link: BR0, tbf: { rate: MEGABIT, burst: 10240, latency: 50_000 } }),
  replaceQdisc({
    ...{ link: BR0, parent: '1:1', handle: '10:' },
    tbf: {
      ...{
        rate: MEGABIT,
        burst: 10240,
        limit: 3000,
        peakRate: 2 * MEGABIT,
        mtu: 1600,
        mpu: 64,
        overhead: 14,
      },
    },
  }),
  addQdisc({ link: BR0, tbf: { rate: 50_000 * MEGABIT, burst: 10 << 20, latency: 1000 } }),
  addQdisc({ link: BR0, tbf: { rate: 416, burst: 1531, limit: 99999 } }),
  addQdisc({ link: BR0, netem: { delay: 100_000, jitter: 10_000, loss: 0.01 } }),
  addQdisc({
    link: BR0,
    netem: {
      ...{ delay: 100_000, jitter: 10_000, delayCorrelation: 0.25, loss: 0.01, lossCorrelation: 0.05 },
      ...{ duplicate: 0.02, duplicateCorrelation: 0.03, reorder: 0.25, reorderCorrelation: 0.5, gap: 5 },
      ...{ corrupt: 0.001, corruptCorrelation: 0.02, rate: MEGABIT, packetOverhead: 20, cellSize: 100 },
      ...{ cellOverhead: 5, limit: 500, ecn: true },
    },
  }),
  addQdisc({ link: BR0, netem: { lossGemodel: { p: 0.01, r: 0.1, h: 0.3, k1: 0.001 } } }),
  addQdisc({
    link: BR0,
    netem: { lossState: { p13: 0.01, p31: 0.1, p32: 0.75, p23: 0.001, p14: 0.05 } },
  }),
  addQdisc({
    link: BR0,
    netem: { slot: { minDelay: 800_000, maxDelay: 1_000_000, packets: 5, bytes: 1000 } },
  }),
  addQdisc({ link: BR0, netem: { rate: 50_000 * MEGABIT } }),
  addQdisc({ link: BR0, kind: 'clsact' }),
  addQdisc({ link: BR0, kind: 'ingress' }),
  removeQdisc({ link: BR0 }),
];

function compare(recorded: readonly Recorded[], requests: readonly NetlinkRequest[]): void {
  assert.equal(recorded.length, requests.length);
  for (const [i, { command, type, flags, body }] of recorded.entries()) {
    const request = requests[i] as NetlinkRequest;
    it(command, () => {
      const wanted = NLM_F.REQUEST | (command.includes(' get ') ? 0 : NLM_F.ACK);
      assert.deepEqual(
        {
          type: request.type,
          flags: request.flags | wanted,
          body: Buffer.from(request.body).toString('hex'),
        },
        { type, flags, body },
      );
    });
  }
}

describe('rtnetlink requests are those of iproute2, byte for byte:', () => {
  describe('links', () => compare(links, LINKS));
  describe('addresses', () => compare(addresses, ADDRESSES));
  describe('routes', () => compare(routes, ROUTES));
  describe('rules', () => compare(rules, RULES));
  describe('neighbors', () => compare(neighbors, NEIGHBORS));
  describe('qdiscs', () => compare(qdiscs, QDISCS));
});
