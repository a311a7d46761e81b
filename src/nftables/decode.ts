/** Messages of nfnetlink as objects. All of it throws NetlinkDecodeError for what is not as nf_tables.h has it. */
import { Attributes } from '../netlink/attributes.js';
import { needed } from '../netlink/body.js';
import { NetlinkDecodeError } from '../netlink/errors.js';
import type { NetlinkMessage } from '../netlink/message.js';
import { openNfnetlink } from '../netlink/nfnetlink.js';
import {
  NFT_DATA_VERDICT,
  NFT_SET,
  NFT_TABLE_F,
  NFTA_CHAIN,
  NFTA_DATA,
  NFTA_EXPR,
  NFTA_HOOK,
  NFTA_LIST_ELEM,
  NFTA_RULE,
  NFTA_SET,
  NFTA_SET_DESC,
  NFTA_SET_ELEM,
  NFTA_SET_ELEM_LIST,
  NFTA_TABLE,
} from './constants.js';
import { type DataTypeName, dataTypeName } from './data-types.js';
import type { KernelElement } from './element.js';
import { familyOf, hooksOf, type TableName } from './family.js';
import { type KernelExpression, readExpressions } from './kernel-expression.js';
import { commentOf } from './names.js';
import {
  type BaseChain,
  type SetFlag,
  type SetSpec,
  shortest,
  type TableFlag,
  type TableSpec,
} from './ruleset.js';
import { readVerdict } from './verdict.js';

const handleOf = (attributes: Attributes, type: number): number =>
  Number(needed(attributes.be64(type), 'the handle'));

const othersOf = (...found: readonly (string | false | undefined)[]): Pick<ListedTable, 'others'> => {
  const others = found.filter((one): one is string => typeof one === 'string');
  return others.length > 0 ? { others } : {};
};

/** A table as the kernel has it. */
export interface ListedTable extends TableSpec {
  readonly handle: number;
  /** How many chains, sets and other objects it has. */
  readonly use: number;
  /** Of a table with the flag owner, the netlink port of the socket that it goes with. */
  readonly owner?: number;
  /** What it has that isol8 cannot make: `comment`. */
  readonly others?: readonly string[];
}

export function decodeTable(message: NetlinkMessage): ListedTable {
  const { family, attributes } = openNfnetlink(message);
  const bits = attributes.be32(NFTA_TABLE.FLAGS) ?? 0;
  const flags: TableFlag[] = [];
  if (bits & NFT_TABLE_F.DORMANT) flags.push('dormant');
  if (bits & NFT_TABLE_F.OWNER) flags.push('owner');
  const owner = attributes.be32(NFTA_TABLE.OWNER);
  return {
    family: familyOf(family),
    name: needed(attributes.text(NFTA_TABLE.NAME), 'the name of a table'),
    ...(flags.length > 0 ? { flags } : {}),
    handle: handleOf(attributes, NFTA_TABLE.HANDLE),
    use: attributes.be32(NFTA_TABLE.USE) ?? 0,
    ...(owner === undefined ? {} : { owner }),
    ...othersOf(commentOf(attributes.bytes(NFTA_TABLE.USERDATA)) !== undefined && 'comment'),
  };
}

/** A chain as the kernel has it. */
export interface ListedChain extends Partial<Omit<BaseChain, 'type' | 'policy'>> {
  readonly table: TableName;
  readonly name: string;
  readonly handle: number;
  /** How many rules and jumps there are to it. */
  readonly use: number;
  /** Of a base chain, as the other fields that addChain has for one. */
  readonly type?: BaseChain['type'] | (string & {});
  readonly policy?: 'accept' | 'drop';
  /** What it has that isol8 cannot make: `comment`. */
  readonly others?: readonly string[];
}

export function decodeChain(message: NetlinkMessage): ListedChain {
  const { family, attributes } = openNfnetlink(message);
  const table = {
    family: familyOf(family),
    name: needed(attributes.text(NFTA_CHAIN.TABLE), 'the table of a chain'),
  };
  return {
    table,
    name: needed(attributes.text(NFTA_CHAIN.NAME), 'the name of a chain'),
    handle: handleOf(attributes, NFTA_CHAIN.HANDLE),
    use: attributes.be32(NFTA_CHAIN.USE) ?? 0,
    ...decodeBase(table, attributes),
    ...othersOf(commentOf(attributes.bytes(NFTA_CHAIN.USERDATA)) !== undefined && 'comment'),
  };
}

function decodeBase({ family }: TableName, attributes: Attributes): Partial<ListedChain> {
  const hook = attributes.nest(NFTA_CHAIN.HOOK);
  if (hook === undefined) return {};
  const number = needed(hook.be32(NFTA_HOOK.HOOKNUM), 'the number of a hook');
  const name = hooksOf(family)[number];
  if (name === undefined) throw new NetlinkDecodeError(`hook ${number} of the family ${family}`);
  const devices = hook.nest(NFTA_HOOK.DEVS)?.entries() ?? [];
  const device = hook.text(NFTA_HOOK.DEV) ?? devices[0]?.bytes.toString('utf8').replace(/\0.*$/s, '');
  return {
    type: needed(attributes.text(NFTA_CHAIN.TYPE), 'the type of a chain'),
    hook: name,
    priority: (hook.be32(NFTA_HOOK.PRIORITY) ?? 0) | 0,
    policy: attributes.be32(NFTA_CHAIN.POLICY) === 0 ? 'drop' : 'accept',
    ...(device === undefined ? {} : { device }),
  };
}

/** A rule before its expressions are words, for which the sets of its table are needed. */
export interface KernelRule {
  readonly table: TableName;
  readonly chain: string;
  readonly handle: number;
  readonly expressions: readonly KernelExpression[];
  readonly comment?: string;
}

export function decodeRule(message: NetlinkMessage): KernelRule {
  const { family, attributes } = openNfnetlink(message);
  const comment = commentOf(attributes.bytes(NFTA_RULE.USERDATA));
  const expressions = attributes.nest(NFTA_RULE.EXPRESSIONS);
  return {
    table: {
      family: familyOf(family),
      name: needed(attributes.text(NFTA_RULE.TABLE), 'the table of a rule'),
    },
    chain: needed(attributes.text(NFTA_RULE.CHAIN), 'the chain of a rule'),
    handle: handleOf(attributes, NFTA_RULE.HANDLE),
    expressions: expressions ? readExpressions(expressions) : [],
    ...(comment === undefined ? {} : { comment }),
  };
}

/** A set or map as the kernel has it. */
export interface ListedSet extends Omit<SetSpec, 'type' | 'map'> {
  readonly handle: number;
  /** It belongs to the one rule that looks something up in it. */
  readonly anonymous: boolean;
  /** Missing where isol8 has no use for the type, as `map` is for what it gives. */
  readonly type?: SetSpec['type'];
  readonly map?: NonNullable<SetSpec['map']>;
  readonly isMap: boolean;
  /** What it, or each of its elements, has that isol8 cannot make: `comment`, `counter` and the like. */
  readonly others?: readonly string[];
}

export function decodeSet(message: NetlinkMessage): ListedSet {
  const { family, attributes } = openNfnetlink(message);
  const bits = attributes.be32(NFTA_SET.FLAGS) ?? 0;
  const flags = SET_FLAGS.filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name);
  const size = attributes.nest(NFTA_SET.DESC)?.be32(NFTA_SET_DESC.SIZE);
  const timeout = attributes.be64(NFTA_SET.TIMEOUT) ?? 0n;
  const type = typesOf(attributes.be32(NFTA_SET.KEY_TYPE) ?? 0);
  const map = dataOf(attributes.be32(NFTA_SET.DATA_TYPE));
  return {
    table: { family: familyOf(family), name: needed(attributes.text(NFTA_SET.TABLE), 'the table of a set') },
    name: needed(attributes.text(NFTA_SET.NAME), 'the name of a set'),
    handle: handleOf(attributes, NFTA_SET.HANDLE),
    anonymous: (bits & NFT_SET.ANONYMOUS) !== 0,
    isMap: (bits & (NFT_SET.MAP | NFT_SET.OBJECT)) !== 0,
    ...(type ? { type: shortest(type) } : {}),
    ...(map ? { map: map === 'verdict' ? map : shortest(map) } : {}),
    ...(flags.length > 0 ? { flags } : {}),
    ...(timeout > 0n ? { timeout: Number(timeout) } : {}),
    ...(size === undefined ? {} : { size }),
    ...othersOf(
      commentOf(attributes.bytes(NFTA_SET.USERDATA), SET_COMMENT) !== undefined && 'comment',
      flags.includes('interval') && type?.includes('ifname') === true && 'interval',
      ...ofEachElement(attributes),
    ),
  };
}

/** NFTNL_UDATA_SET_COMMENT of libnftnl. */
const SET_COMMENT = 7;

function ofEachElement(attributes: Attributes): (string | undefined)[] {
  const several = attributes.nest(NFTA_SET.EXPRESSIONS)?.entries() ?? [];
  const nests = [attributes.nest(NFTA_SET.EXPR), ...several.map(({ bytes }) => new Attributes(bytes))];
  return nests.map((nest) => nest?.text(NFTA_EXPR.NAME));
}

const SET_FLAGS: readonly (readonly [SetFlag, number])[] = [
  ['constant', NFT_SET.CONSTANT],
  ['interval', NFT_SET.INTERVAL],
  ['timeout', NFT_SET.TIMEOUT],
  ['dynamic', NFT_SET.EVAL],
];

/** Six bits for each. */
function typesOf(number: number): DataTypeName[] | undefined {
  const types: DataTypeName[] = [];
  for (let rest = number; rest > 0; rest = Math.floor(rest / 64)) {
    const name = dataTypeName(rest % 64);
    if (name === undefined) return undefined;
    types.unshift(name);
  }
  return types.length > 0 ? types : undefined;
}

function dataOf(number: number | undefined): readonly DataTypeName[] | 'verdict' | undefined {
  if (number === NFT_DATA_VERDICT) return 'verdict';
  return number === undefined ? undefined : typesOf(number);
}

/** One message of a dump of elements, which holds many. */
export function decodeKernelElements(message: NetlinkMessage): KernelElement[] {
  const list = openNfnetlink(message).attributes.nest(NFTA_SET_ELEM_LIST.ELEMENTS);
  return (list?.entries() ?? []).map(({ type, bytes }) => {
    if (type !== NFTA_LIST_ELEM) throw new NetlinkDecodeError(`an element as attribute ${type}`);
    return decodeElement(new Attributes(bytes));
  });
}

function decodeElement(element: Attributes): KernelElement {
  const keyEnd = datumOf(element.nest(NFTA_SET_ELEM.KEY_END));
  const flags = element.be32(NFTA_SET_ELEM.FLAGS);
  const timeout = element.be64(NFTA_SET_ELEM.TIMEOUT);
  const expiration = element.be64(NFTA_SET_ELEM.EXPIRATION);
  const data = element.nest(NFTA_SET_ELEM.DATA);
  const verdict = data && readVerdict(data);
  const datum = verdict === undefined ? datumOf(data) : { verdict };
  const comment = commentOf(element.bytes(NFTA_SET_ELEM.USERDATA));
  return {
    key: datumOf(element.nest(NFTA_SET_ELEM.KEY)) ?? Buffer.alloc(0),
    ...(keyEnd ? { keyEnd } : {}),
    ...(flags === undefined ? {} : { flags }),
    ...(timeout === undefined ? {} : { timeout: Number(timeout) }),
    ...(expiration === undefined ? {} : { expiration: Number(expiration) }),
    ...(datum === undefined ? {} : { data: datum }),
    ...(comment === undefined ? {} : { comment }),
  };
}

const datumOf = (datum: Attributes | undefined): Buffer | undefined => {
  const bytes = datum?.bytes(NFTA_DATA.VALUE);
  return bytes && Buffer.from(bytes);
};
