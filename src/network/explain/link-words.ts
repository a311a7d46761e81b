/** Attributes of a link as the words that ip-link(8) has for them. */
import { Isol8Error } from '../../foundation/errors.js';
import { isMulticast } from '../../foundation/ip.js';
import { Attributes } from '../../netlink/attributes.js';
import { AF, IFLA, IFLA_INFO } from '../../rtnetlink/constants.js';
import { type Fields, readFields } from '../../rtnetlink/fields.js';
import { BRIDGE } from '../../rtnetlink/links/bridge.js';
import { BRIDGE_PORT } from '../../rtnetlink/links/bridge-port.js';
import { IFF } from '../../rtnetlink/links/flags.js';
import { ADDR_GEN_MODES } from '../../rtnetlink/links/inet-conf.js';
import { VXLAN } from '../../rtnetlink/links/vxlan.js';
import { macText } from '../../rtnetlink/mac.js';
import { quoteShell } from '../../sandbox/explain/quote.js';

/** What stands in requests as a number, and in commands by a name. All of it is written as sh(1) takes it. */
export interface Names {
  /** Of the link with this interface index. */
  link(index: number): string;
  /** The other end's network namespace, as the word behind `netns`. */
  readonly netns: string;
}

const VETH_INFO_PEER = 1;
/** struct ifinfomsg. */
export const LINK_HEADER = 16;

type Words = (bytes: Buffer, names: Names) => readonly string[];

const number =
  (word: string): Words =>
  (bytes) => [word, String(bytes.readUInt32LE())];
const text = (bytes: Buffer): string => quoteShell(bytes.toString('utf8').replace(/\0.*$/s, ''));

/** Those that come before the kind, in no order that matters. */
const SHARED: Readonly<Record<number, Words>> = {
  [IFLA.IFNAME]: (bytes) => ['name', text(bytes)],
  [IFLA.MTU]: number('mtu'),
  [IFLA.ADDRESS]: (bytes) => ['address', macText(bytes)],
  [IFLA.GROUP]: number('group'),
  [IFLA.NUM_TX_QUEUES]: number('numtxqueues'),
  [IFLA.NUM_RX_QUEUES]: number('numrxqueues'),
  [IFLA.MASTER]: (bytes, names) => ['master', names.link(bytes.readUInt32LE())],
  [IFLA.NET_NS_FD]: (_, names) => ['netns', names.netns],
  [IFLA.IFALIAS]: (bytes) => ['alias', text(bytes)],
  [IFLA.AF_SPEC]: familyWords,
};

/** The words of a message about a link, from its struct ifinfomsg on, without the link itself that it changes. */
export function linkWords(body: Buffer, names: Names): string[] {
  const entries = new Attributes(body, LINK_HEADER).entries();
  const info = entries.find(({ type }) => type === IFLA.LINKINFO);
  const named = entries.filter(({ type }) => type === IFLA.IFNAME);
  const shared = [...named, ...entries.filter((entry) => entry !== info && !named.includes(entry))];
  return [
    ...shared.flatMap(({ type, bytes }) => known(SHARED[type], `attribute ${type}`)(bytes, names)),
    ...((body.readUInt32LE(8) & IFF.UP) !== 0 ? ['up'] : []),
    ...(info === undefined ? [] : kindWords(new Attributes(info.bytes), names)),
  ];
}

function kindWords(info: Attributes, names: Names): string[] {
  const kind = known(info.text(IFLA_INFO.KIND), 'a link without a kind');
  const data = info.bytes(IFLA_INFO.DATA) ?? info.bytes(IFLA_INFO.SLAVE_DATA);
  if (data === undefined) return ['type', kind];
  if (kind !== 'veth') return ['type', kind, ...optionWords(kind, new Attributes(data), names)];
  const peer = known(new Attributes(data).bytes(VETH_INFO_PEER), 'options of a veth');
  return ['type', kind, 'peer', ...linkWords(peer, names)];
}

/** Of a kind: its table, and the words for those of its fields that networks use. */
interface Kind {
  readonly fields: Fields<object>;
  readonly words: Readonly<Record<string, (value: unknown, names: Names) => readonly string[]>>;
}

const plain = (word: string) => (value: unknown) => [word, String(value)];
const zeroOrOne = (word: string) => (value: unknown) => [word, value === true ? '1' : '0'];
const onOrOff = (word: string) => (value: unknown) => [word, value === true ? 'on' : 'off'];

const KINDS: Readonly<Record<string, Kind>> = {
  bridge: {
    fields: BRIDGE,
    words: {
      forwardDelay: plain('forward_delay'),
      stp: zeroOrOne('stp_state'),
      multicastSnooping: zeroOrOne('mcast_snooping'),
    },
  },
  bridge_slave: {
    fields: BRIDGE_PORT,
    words: { hairpin: onOrOff('hairpin'), isolated: onOrOff('isolated') },
  },
  vxlan: {
    fields: VXLAN,
    words: {
      id: plain('id'),
      remote: (value) => [isMulticast(value as string) ? 'group' : 'remote', value as string],
      local: plain('local'),
      link: (value, names) => ['dev', names.link(value as number)],
      port: plain('dstport'),
      learning: (value) => [value === true ? 'learning' : 'nolearning'],
    },
  },
};

function optionWords(kind: string, data: Attributes, names: Names): string[] {
  const { fields, words } = known(KINDS[kind], `links of kind ${kind}`);
  const options: [string, unknown][] = Object.entries(readFields<object>(data, fields));
  if (options.length !== data.entries().length) throw unknown(`an option of ${kind}`);
  return options.flatMap(([name, value]) => known(words[name], `${name} of ${kind}`)(value, names));
}

const GENERATED = Object.keys(ADDR_GEN_MODES);

/** IPv6 alone: ip-link(8) has no words for settings of IPv4, see settingsOf(). */
function familyWords(bytes: Buffer): readonly string[] {
  return new Attributes(bytes).entries().flatMap(({ type, bytes: family }) => {
    if (type === AF.INET) return [];
    const mode = new Attributes(family).entries()[0]?.bytes[0];
    return ['addrgenmode', known(GENERATED[mode ?? -1], 'a setting of IPv6')];
  });
}

/** What is printed is all that is sent: what has no words here is an error, not left out. */
export function known<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw unknown(what);
  return value;
}

const unknown = (what: string): Isol8Error =>
  new Isol8Error('ERR_INTERNAL', `explain a request of a network: there are no words for ${what}`);
