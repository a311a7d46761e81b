export {
  addChain,
  addElements,
  addRule,
  addSet,
  addTable,
  type BaseChain,
  type ChainName,
  type ChainSpec,
  type Change,
  deleteChain,
  deleteElements,
  deleteRule,
  deleteSet,
  deleteTable,
  destroyChain,
  destroyElements,
  destroyRule,
  destroySet,
  destroyTable,
  flushChain,
  flushSet,
  insertRule,
  type RuleName,
  type RuleSpec,
  type SetFlag,
  type SetName,
  type SetSpec,
  type TableFlag,
  type TableSpec,
} from './change.js';
export type { Value } from './data-types.js';
export type { Element, Key } from './element.js';
export type { Expression } from './expression.js';
export * from './expressions.js';
export type { Family, Hook, TableName } from './family.js';
export { type ListedRule, NftablesSocket } from './socket.js';
export type { Verdict } from './verdict.js';
