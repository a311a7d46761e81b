/** What is done to networks as shell scripts: pure functions of the records, by the same requests and rules. */
import type { NetlinkRequest } from '../../netlink/message.js';
import type { Change } from '../../nftables/change.js';
import { rulesetText } from '../../nftables/text.js';
import type { MemberRecord, NetworkRecord, ResolvedPort } from '../records.js';
import { forgetRequests } from '../remove.js';
import { networkRules, publishedRules, removeNetworkRules, unpublishedRules } from '../rules.js';
import { bridgeRequests, insideRequests, memberRequests, publishRequests, removeLinks } from '../wiring.js';
import { ipCommands, sysctlCommand } from './ip-commands.js';
import type { Names } from './link-words.js';

/** What is written to a file of /proc/sys. */
export interface Setting {
  readonly path: string;
  readonly value: string;
}

/** How commands reach a member's network namespace, as sh(1) takes it. */
export interface MemberPlace {
  /** Behind the word `netns` of ip-link(8). */
  readonly netns: string;
  /** What stands for `ip` there. */
  readonly ip: string;
  /** Which families have a default route there already, which stays. */
  readonly defaultRoutes: readonly ('inet' | 'inet6')[];
}

type Lines = readonly string[];

/** Lines as a script that ends at the first command that fails. */
export const scriptText = (lines: Lines): string =>
  ['#!/bin/sh', 'set -e', ...lines].map((line) => `${line}\n`).join('');

/** `lower` is the name of the link that a vxlan goes through. */
export function createLines(network: NetworkRecord, settings: readonly Setting[], lower?: string): Lines {
  const names = hostNames(network, lower === undefined ? [] : [[network.vxlan?.lower as number, lower]]);
  return [
    comment(`the bridge of network ${network.name}`),
    ...bridgeRequests(network).flatMap((request) => commands(request, names)),
    comment('who may reach whom, and by which address'),
    ...nftCommand(networkRules(network)),
    ...(settings.length > 0 ? [comment('the bridge and the links that lead out forward packets')] : []),
    ...settings.map(settingLine),
  ];
}

export function attachLines(network: NetworkRecord, member: MemberRecord, place: MemberPlace): Lines {
  const names = hostNames(network, [[member.link.index, member.link.name]], place.netns);
  const inside = namesOf(
    [
      [1, 'lo'],
      [member.inside.index, member.inside.name],
    ],
    '',
  );
  const published = member.ports.length > 0;
  return [
    comment(`a cable from the bridge of network ${network.name} into the namespace`),
    ...memberRequests(network, member, { fd: 0 }).flatMap((request) => commands(request, names)),
    comment('its end in there'),
    ...insideRequests(network, member)
      .flatMap((request) => commands(request, inside))
      .flatMap((line) => insideLine(line, place)),
    ...(published ? [comment(`published: ${member.ports.map(portText).join(', ')}`)] : []),
    ...(published ? publishRequests(network).flatMap((request) => commands(request, names)) : []),
    ...(published ? nftCommand(publishedRules(network, member)) : []),
  ];
}

/** Who is in several networks has a way out by the first. */
function insideLine(line: string, { ip, defaultRoutes }: MemberPlace): Lines {
  const family = line.startsWith('ip -6') ? 'inet6' : 'inet';
  if (line.includes(' route add default ') && defaultRoutes.includes(family))
    return [comment(`there is a default route already, so not: ${line}`)];
  return [line.replace(/^ip\b/, () => ip)];
}

export function detachLines(network: NetworkRecord, member: MemberRecord): Lines {
  return [
    comment(`${member.names[0] ?? member.address ?? member.address6} of network ${network.name}`),
    ...unpublishedLines(network, member),
    `ip link delete dev ${member.link.name}`,
    ...forgetRequests(network, member).flatMap((request) => commands(request, hostNames(network, []))),
  ];
}

/** None for a member without published ports. */
export function unpublishedLines(network: NetworkRecord, member: MemberRecord): Lines {
  const rules = unpublishedRules(network, member);
  return rules.length > 0 ? nftCommand(rules) : [];
}

export function removeLines(network: NetworkRecord, settings: readonly Setting[]): Lines {
  return [
    comment(`all links of network ${network.name}, the bridge and the host's ends of the cables`),
    ...commands(removeLinks(network), hostNames(network, [])),
    ...nftCommand(removeNetworkRules(network)),
    ...(settings.length > 0 ? [comment('settings that no other network needs are as they were before')] : []),
    ...settings.map(settingLine),
  ];
}

const commands = (request: NetlinkRequest, names: Names): Lines =>
  ipCommands(request, names).map((words) => words.join(' '));

const settingLine = (setting: Setting): string => sysctlCommand(setting).join(' ');

const nftCommand = (changes: readonly Change[]): Lines => [
  "nft -f - <<'END'",
  ...rulesetText(changes).trimEnd().split('\n'),
  'END',
];

/** Names come from people, and an apostrophe would end a script in quotes around this one. */
export const comment = (text: string): string =>
  `# ${text.replaceAll(/\s+/g, ' ').replaceAll("'", '\u2019')}`;

type Link = readonly [index: number, name: string];

function hostNames({ bridge, vxlan }: NetworkRecord, more: readonly Link[], netns = ''): Names {
  const links: Link[] = [[bridge.index, bridge.name]];
  if (vxlan !== undefined) links.push([vxlan.index, vxlan.name]);
  return namesOf([...links, ...more], netns);
}

function namesOf(links: readonly Link[], netns: string): Names {
  const byIndex = new Map(links);
  return { netns, link: (index) => byIndex.get(index) ?? `if${index}` };
}

function portText({ protocol, hostAddress, hostPort, port }: ResolvedPort): string {
  const host = hostAddress?.includes(':') ? `[${hostAddress}]` : hostAddress;
  return `${host === undefined ? '' : `${host}:`}${hostPort}:${port}/${protocol}`;
}
