/**
 * `unshare --net --mount node --import tsx test/rtnetlink/record-answers.ts`, as root: records what the kernel answers about
 * the world of world.ts, for tests of the decoders without a kernel.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { NETLINK } from '../../src/netlink/constants.js';
import { NetlinkSocket } from '../../src/netlink/socket.js';
import { RTM } from '../../src/rtnetlink/constants.js';
import { makeWorld } from './world.js';

/** Lengths of what stands before the attributes, by type of request. */
const LISTS = {
  [RTM.GETLINK]: 16,
  [RTM.GETADDR]: 8,
  [RTM.GETROUTE]: 12,
  [RTM.GETRULE]: 12,
  [RTM.GETNEIGH]: 12,
  [RTM.GETQDISC]: 20,
};
const AF_BRIDGE = 7;
/** Multicast routing has rules of its own. */
const RTNL_FAMILY_IPMR = 128;

execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/run']);
makeWorld();
using socket = await NetlinkSocket.open({ protocol: NETLINK.ROUTE });
const answers: { type: number; body: Buffer }[] = [];
for (const [type, size] of Object.entries(LISTS)) {
  const families = Number(type) === RTM.GETNEIGH ? [0, AF_BRIDGE] : [0];
  for (const family of families) {
    const body = Buffer.alloc(size);
    body.writeUInt8(family);
    const dumped = await socket.dump({ type: Number(type), flags: 0, body, what: 'record' });
    answers.push(...dumped.filter((answer) => (answer.body[0] ?? 0) < RTNL_FAMILY_IPMR));
  }
}
const lines = answers.map(({ type, body }) => `  [${type}, '${body.toString('base64')}'],`);
const text = `/** Written by record-answers.ts on Linux ${release().split('-')[0]}: types and bodies of messages, in base64. */
export const answers: readonly (readonly [type: number, body: string])[] = [
${lines.join('\n')}
];
`;
const file = new URL('recorded/answers.ts', import.meta.url).pathname;
writeFileSync(file, text);
execFileSync('npx', ['biome', 'check', '--write', file], { stdio: 'inherit' });
