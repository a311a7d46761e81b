/** Tables, chains, rules and sets as they may be, before they become a change. All of it throws SpecError for others. */
import { SpecError } from '../foundation/errors.js';
import { type DataTypeName, dataType } from './data-types.js';
import { checkTime, type ElementTypes } from './element.js';
import { hooksOf, NFPROTO, type TableName } from './family.js';
import { checkComment, checkName, checkPriority } from './names.js';
import {
  type BaseChain,
  type ChainName,
  elementTypes,
  type RuleName,
  type RuleSpec,
  type SetFlag,
  type SetSpec,
  shortest,
  type TableFlag,
  type TableSpec,
} from './ruleset.js';

export function checkTableName({ family, name }: TableName): TableName {
  if (!Object.hasOwn(NFPROTO, family))
    throw new SpecError('table.family', `must be ${Object.keys(NFPROTO).join(', ')}`);
  return { family, name: checkName(name, 'table.name') };
}

const TABLE_FLAGS: readonly TableFlag[] = ['dormant', 'owner'];

export const checkTable = (table: TableSpec): TableSpec => {
  return { ...checkTableName(table), ...checkFlags(TABLE_FLAGS, table.flags) };
};

/** Those of a list that are there, in the order of the list. */
function checkFlags<Flag extends string>(
  all: readonly Flag[],
  flags: readonly Flag[] = [],
): { flags?: readonly Flag[] } {
  const wrong = flags.find((flag) => !all.includes(flag));
  if (wrong !== undefined) throw new SpecError('flags', `must be ${all.join(', ')}, not ${wrong}`);
  return flags.length > 0 ? { flags: all.filter((flag) => flags.includes(flag)) } : {};
}

/** A chain or a set by its table and name. */
export const checkNames = ({ table, name }: ChainName): ChainName => {
  return { table: checkTableName(table), name: checkName(name, 'name') };
};

export function checkBase({ family }: TableName, base: BaseChain): BaseChain {
  const { type, hook, priority, policy = 'accept', device } = base;
  if (type !== 'filter' && type !== 'nat' && type !== 'route')
    throw new SpecError('type', 'must be filter, nat or route');
  const hooks = hooksOf(family);
  if (!hooks.includes(hook))
    throw new SpecError('hook', `must be ${hooks.join(', ')} in the family ${family}`);
  checkPriority(priority, 'priority');
  if (policy !== 'accept' && policy !== 'drop') throw new SpecError('policy', 'must be accept or drop');
  const needed = hook === 'ingress' || hook === 'egress';
  if (needed !== (device !== undefined))
    throw new SpecError(
      'device',
      needed ? `must be given with the hook ${hook}` : `does not go with the hook ${hook}`,
    );
  return { type, hook, priority, policy, ...(device === undefined ? {} : { device }) };
}

export function checkRule({ table, chain, expressions, comment, position }: RuleSpec): RuleSpec {
  checkComment(comment, 'comment');
  return {
    table: checkTableName(table),
    chain: checkName(chain, 'chain'),
    expressions,
    ...(comment ? { comment } : {}),
    ...(position === undefined ? {} : { position: checkHandle(position, 'position') }),
  };
}

function checkHandle(handle: number, field: string): number {
  if (Number.isSafeInteger(handle) && handle > 0) return handle;
  throw new SpecError(field, `must be the handle of a rule, not ${handle}`);
}

export function checkRuleName({ table, chain, handle }: RuleName): RuleName {
  return {
    table: checkTableName(table),
    chain: checkName(chain, 'chain'),
    handle: checkHandle(handle, 'handle'),
  };
}

const SET_FLAGS: readonly SetFlag[] = ['constant', 'interval', 'timeout', 'dynamic'];

/** What rules add to gets no larger, as nft(8) has it. */
const DYNAMIC_SIZE = 65_535;

/** In the form in which a list gives it back. */
export function checkSet(set: SetSpec): SetSpec {
  const dynamic = set.flags?.includes('dynamic') === true;
  const { timeout, size = dynamic ? DYNAMIC_SIZE : undefined } = set;
  const name = checkNames(set);
  if (name.name.startsWith('__')) throw new SpecError('name', 'those of sets begin with no __');
  const flags = checkFlags(SET_FLAGS, set.flags);
  const types = elementTypes(set);
  checkElementTypes(types);
  checkTimeout(set);
  if (size !== undefined && !(Number.isInteger(size) && size > 0 && size <= 0xffffffff))
    throw new SpecError('size', 'must be a whole number above 0');
  const { data } = types;
  return {
    ...name,
    type: shortest(types.types),
    ...(data === undefined ? {} : { map: data === 'verdict' ? data : shortest(data) }),
    ...flags,
    ...(timeout === undefined ? {} : { timeout }),
    ...(size === undefined ? {} : { size }),
  };
}

function checkElementTypes({ types, data, interval }: ElementTypes): void {
  checkTypes(types, 'type');
  if (data !== undefined && data !== 'verdict') checkTypes(data, 'map');
  if (
    interval &&
    types.length === 1 &&
    !['network', 'ipv4', 'ipv6'].includes(dataType(types[0] as DataTypeName).basis)
  )
    throw new SpecError('flags', `there are no intervals of ${types[0]}`);
}

function checkTimeout({ timeout, flags }: SetSpec): void {
  if (timeout === undefined) return;
  checkTime(timeout, 'timeout');
  if (!flags?.includes('timeout')) throw new SpecError('timeout', 'needs the flag timeout');
}

/** A key or a datum fits into the kernel's registers: 64 bytes. */
function checkTypes(types: readonly DataTypeName[], field: string): void {
  if (types.length === 0 || types.length > 5) throw new SpecError(field, 'must be one to five types');
  const unknown = types.find((type) => dataType(type) === undefined);
  if (unknown !== undefined) throw new SpecError(field, `there is no type ${unknown}`);
  const unnamed = types.find((type) => dataType(type).id === 0);
  if (unnamed !== undefined) throw new SpecError(field, `no set has keys of ${unnamed}`);
  const size = types.reduce((sum, type) => sum + ((dataType(type).size + 3) & ~3), 0);
  if (size > 64)
    throw new SpecError(field, `${types.join(' . ')} has ${size} bytes, and at most 64 can be looked up`);
}
