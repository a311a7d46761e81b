/** Changes as messages of nfnetlink; see linux/netfilter/nf_tables.h. */
import { type AttributeWriter, NLA_F_NESTED } from '../netlink/attribute-writer.js';
import { NLM_F } from '../netlink/constants.js';
import type { NetlinkRequest } from '../netlink/message.js';
import { Batch } from './batch.js';
import type { Change } from './change.js';
import {
  NFT_MSG,
  NFT_TABLE_F,
  NFTA_CHAIN,
  NFTA_HOOK,
  NFTA_RULE,
  NFTA_SET,
  NFTA_SET_ELEM_LIST,
  NFTA_TABLE,
} from './constants.js';
import { encodeAnonymous, encodeElements, encodeSet } from './encode-sets.js';
import { hooksOf, type TableName } from './family.js';
import { writeExpressions } from './kernel-expression.js';
import { linearize } from './linearize.js';
import { commentBytes } from './names.js';
import type { BaseChain, ChainName, ChainSpec, RuleSpec, TableFlag } from './ruleset.js';

/** One transaction: see {@link Batch.requests}. Throws SpecError for a rule that cannot be. */
export function encodeBatch(changes: readonly Change[], generation?: number): NetlinkRequest[] {
  const batch = new Batch();
  for (const change of changes) encodeChange(batch, change);
  return batch.requests(generation);
}

const ADD = NLM_F.CREATE;
const CREATE = NLM_F.CREATE | NLM_F.EXCL;

function encodeChange(batch: Batch, change: Change): void {
  if ('elements' in change) {
    encodeElements(batch, change);
    return;
  }
  const [type, flags] = writeChange(batch, change);
  batch.end(change, type, flags);
}

/** A change that is one message, of a table, a chain, a rule or a set. */
type OneMessage = Exclude<Change, { elements: unknown }>;
type Of<Noun extends string> = Extract<OneMessage, Record<Noun, unknown>>;
type Written = readonly [type: number, flags: number];

/** Writes what the message has; gives its type and flags. */
function writeChange(batch: Batch, change: OneMessage): Written {
  if ('table' in change) return writeTableChange(batch, change);
  if ('chain' in change) return writeChainChange(batch, change);
  return 'rule' in change ? writeRuleChange(batch, change) : writeSetChange(batch, change);
}

function writeTableChange(batch: Batch, change: Of<'table'>): Written {
  const body = writeTable(batch, change.table);
  switch (change.change) {
    case 'add table':
    case 'create table':
      body.be32(NFTA_TABLE.FLAGS, tableFlags(change.table.flags));
      return [NFT_MSG.NEWTABLE, change.change === 'create table' ? CREATE : 0];
    case 'delete table':
      return [NFT_MSG.DELTABLE, 0];
    case 'destroy table':
      return [NFT_MSG.DESTROYTABLE, 0];
  }
}

function writeChainChange(batch: Batch, change: Of<'chain'>): Written {
  switch (change.change) {
    case 'add chain':
    case 'create chain':
      writeChain(batch, change.chain);
      return [NFT_MSG.NEWCHAIN, change.change === 'create chain' ? CREATE : ADD];
    case 'flush chain':
      writeRuleChain(batch, change.chain.table, change.chain.name);
      return [NFT_MSG.DELRULE, 0];
    case 'delete chain':
      writeChain(batch, change.chain);
      return [NFT_MSG.DELCHAIN, 0];
    case 'destroy chain':
      writeChain(batch, change.chain);
      return [NFT_MSG.DESTROYCHAIN, 0];
  }
}

function writeRuleChange(batch: Batch, change: Of<'rule'>): Written {
  switch (change.change) {
    case 'add rule':
      writeRule(batch, change, change.rule);
      return [NFT_MSG.NEWRULE, ADD | NLM_F.APPEND];
    case 'insert rule':
      writeRule(batch, change, change.rule);
      return [NFT_MSG.NEWRULE, ADD];
    case 'delete rule':
    case 'destroy rule': {
      const { table, chain, handle } = change.rule;
      writeRuleChain(batch, table, chain).be64(NFTA_RULE.HANDLE, BigInt(handle));
      return [change.change === 'delete rule' ? NFT_MSG.DELRULE : NFT_MSG.DESTROYRULE, 0];
    }
  }
}

function writeSetChange(batch: Batch, change: Of<'set'>): Written {
  const { table, name } = change.set;
  switch (change.change) {
    case 'add set':
    case 'create set':
      encodeSet(batch, change.set);
      return [NFT_MSG.NEWSET, change.change === 'create set' ? CREATE : ADD];
    case 'delete set':
    case 'destroy set':
      batch.begin(table).text(NFTA_SET.TABLE, table.name).text(NFTA_SET.NAME, name);
      return [change.change === 'delete set' ? NFT_MSG.DELSET : NFT_MSG.DESTROYSET, 0];
    case 'flush set':
      batch.begin(table).text(NFTA_SET_ELEM_LIST.TABLE, table.name).text(NFTA_SET_ELEM_LIST.SET, name);
      return [NFT_MSG.DELSETELEM, 0];
  }
}

const TABLE_FLAGS = { dormant: NFT_TABLE_F.DORMANT, owner: NFT_TABLE_F.OWNER } as const;

const tableFlags = (flags: readonly TableFlag[] = []): number =>
  flags.reduce((sum, flag) => sum | TABLE_FLAGS[flag], 0);

const writeTable = (batch: Batch, table: TableName): AttributeWriter =>
  batch.begin(table).text(NFTA_TABLE.NAME, table.name);

const writeRuleChain = (batch: Batch, table: TableName, chain: string): AttributeWriter =>
  batch.begin(table).text(NFTA_RULE.TABLE, table.name).text(NFTA_RULE.CHAIN, chain);

function writeChain(batch: Batch, chain: ChainName | ChainSpec): void {
  const { table, name } = chain;
  const body = batch.begin(table).text(NFTA_CHAIN.TABLE, table.name).text(NFTA_CHAIN.NAME, name);
  if ('hook' in chain) writeBase(body, table, chain);
}

function writeBase(body: AttributeWriter, { family }: TableName, base: BaseChain): void {
  const { hook, priority, type, policy, device } = base;
  body.text(NFTA_CHAIN.TYPE, type).be32(NFTA_CHAIN.POLICY, policy === 'drop' ? 0 : 1);
  body.nest(NFTA_CHAIN.HOOK | NLA_F_NESTED, (writer) => {
    writer.be32(NFTA_HOOK.HOOKNUM, hooksOf(family).indexOf(hook)).be32(NFTA_HOOK.PRIORITY, priority >>> 0);
    if (device !== undefined) writer.text(NFTA_HOOK.DEV, device);
  });
}

/** Behind the sets that only it has. */
function writeRule(
  batch: Batch,
  change: Change,
  { table, chain, comment, position, expressions }: RuleSpec,
): void {
  const linear = linearize(table.family, expressions, () => batch.nextSet());
  for (const set of linear.sets) encodeAnonymous(batch, change, table, set);
  const body = writeRuleChain(batch, table, chain);
  if (position !== undefined) body.be64(NFTA_RULE.POSITION, BigInt(position));
  const list = body.open(NFTA_RULE.EXPRESSIONS | NLA_F_NESTED);
  writeExpressions(body, linear.expressions);
  body.close(list);
  if (comment !== undefined) body.bytesOf(NFTA_RULE.USERDATA, commentBytes(comment));
}
