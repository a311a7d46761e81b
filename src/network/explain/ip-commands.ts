/** Requests of rtnetlink as the commands of ip(8), bridge(8) and sysctl(8) that a person would type for them. */
import { Attributes } from '../../netlink/attributes.js';
import type { NetlinkRequest } from '../../netlink/message.js';
import { decodeAddress } from '../../rtnetlink/addresses/decode.js';
import { AF, IFLA, RTM } from '../../rtnetlink/constants.js';
import { IFLA_INET_CONF, INET_CONF } from '../../rtnetlink/links/inet-conf.js';
import { decodeNeighbor } from '../../rtnetlink/neighbors/decode.js';
import { decodeRoute } from '../../rtnetlink/routes/decode.js';
import { quoteShell } from '../../sandbox/explain/quote.js';
import { known, LINK_HEADER, linkWords, type Names } from './link-words.js';

type Command = readonly string[];
type Translation = (request: NetlinkRequest, names: Names) => readonly Command[];

const TRANSLATIONS: Readonly<Record<number, Translation>> = {
  [RTM.NEWLINK]: linkCommands,
  [RTM.DELLINK]: removalCommands,
  [RTM.NEWADDR]: addressCommands,
  [RTM.NEWNEIGH]: neighborCommands,
  [RTM.DELNEIGH]: forgottenCommands,
  [RTM.NEWROUTE]: routeCommands,
};

/**
 * The words of each command, written as sh(1) takes them. They say what the request says but for the interface indexes, which
 * only the records of networks go by.
 */
export const ipCommands = (request: NetlinkRequest, names: Names): readonly Command[] =>
  known(TRANSLATIONS[request.type], `${request.what} (${request.type})`)(request, names);

/** A request and its body as the decoders take it. */
const messageOf = ({ type, flags, body }: NetlinkRequest) => ({
  ...{ type, flags, sequence: 0, port: 0 },
  body: Buffer.from(body),
});

/** One that makes a link names it; one that changes a link has its index. */
function linkCommands(request: NetlinkRequest, names: Names): readonly Command[] {
  const body = Buffer.from(request.body);
  const words = linkWords(body, names);
  if (new Attributes(body, LINK_HEADER).has(IFLA.IFNAME)) return [['ip', 'link', 'add', ...words]];
  const link = names.link(body.readInt32LE(4));
  return [
    ...(words.length > 0 ? [['ip', 'link', 'set', 'dev', link, ...words]] : []),
    ...settingsOf(body).map(({ name, value }) =>
      sysctlCommand({ path: `/proc/sys/net/ipv4/conf/${link}/${name}`, value }),
    ),
  ];
}

/** Settings of IPv4 on the link. */
function settingsOf(body: Buffer): { name: string; value: string }[] {
  const family = new Attributes(body, LINK_HEADER).nest(IFLA.AF_SPEC)?.nest(AF.INET);
  const written = family?.nest(IFLA_INET_CONF)?.entries() ?? [];
  return written.map(({ type, bytes }) => {
    const name = Object.entries(INET_CONF).find(([, number]) => number === type)?.[0];
    return { name: known(name, `setting ${type} of IPv4`), value: String(bytes.readInt32LE()) };
  });
}

/** A dot can be in a link's name, so that the parts are set apart as in the path. */
export const sysctlCommand = ({ path, value }: { path: string; value: string }): Command => [
  ...['sysctl', '-q', '-w'],
  quoteShell(`${path.replace('/proc/sys/', '')}=${value}`),
];

function removalCommands({ body }: NetlinkRequest): readonly Command[] {
  const group = new Attributes(Buffer.from(body), LINK_HEADER).u32(IFLA.GROUP);
  return [['ip', 'link', 'delete', 'group', String(known(group, 'the removal of one link'))]];
}

function addressCommands(request: NetlinkRequest, names: Names): readonly Command[] {
  const { address, prefixLength, link, noDad, peer, family } = decodeAddress(messageOf(request));
  const prefix = `${address}/${prefixLength}`;
  known(peer === undefined ? prefix : undefined, 'an address with a peer');
  const asked = noDad && family === 'inet6'; // IPv4 never asks, and ip(8) would say so
  return [['ip', 'address', 'add', prefix, 'dev', names.link(link), ...(asked ? ['nodad'] : [])]];
}

function neighborCommands(request: NetlinkRequest, names: Names): readonly Command[] {
  const { family, address, lladdr, link, state, master, sticky } = decodeNeighbor(messageOf(request));
  if (family === 'bridge') {
    const flags = [...(master ? ['master'] : []), 'static', ...(sticky ? ['sticky'] : [])];
    known(state === 'noarp' || undefined, `an fdb entry that is ${state}`);
    return [['bridge', 'fdb', 'replace', known(lladdr, 'an fdb entry'), 'dev', names.link(link), ...flags]];
  }
  const who = [known(address, 'an fdb entry'), 'lladdr', known(lladdr, 'a neighbour without an address')];
  return [['ip', 'neighbour', 'replace', ...who, 'dev', names.link(link), 'nud', String(state)]];
}

function forgottenCommands(request: NetlinkRequest, names: Names): readonly Command[] {
  const { address, link } = decodeNeighbor(messageOf(request));
  return [['ip', 'neighbour', 'delete', known(address, 'an fdb entry'), 'dev', names.link(link)]];
}

function routeCommands(request: NetlinkRequest, names: Names): readonly Command[] {
  const { family, gateway, link, prefixLength } = decodeRoute(messageOf(request));
  const ip = family === 'inet' ? ['ip'] : ['ip', '-6'];
  const via = known(prefixLength === 0 ? gateway : undefined, 'a route that is no default route');
  const dev = link === undefined ? [] : ['dev', names.link(link)];
  return [[...ip, 'route', 'add', 'default', 'via', via, ...dev]];
}
