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
export type { DataTypeName, Value } from './data-types.js';
export type { ListedChain, ListedSet, ListedTable } from './decode.js';
export type { Element, Key, MapData } from './element.js';
export type {
  Counter,
  Expression,
  Limit,
  LimitUnit,
  Log,
  LogLevel,
  Lookup,
  Match,
  Nat,
  NatFlag,
  NatMap,
  NatTarget,
  NatToSelf,
  Operator,
  Reject,
  RejectReason,
  SetMark,
  UnknownExpression,
  UpdateSet,
  VerdictExpression,
  VerdictMap,
} from './expression.js';
export {
  accept,
  counter,
  dnat,
  drop,
  goto,
  jump,
  limit,
  log,
  lookup,
  masquerade,
  match,
  type NatMapOptions,
  type NatOptions,
  redirect,
  reject,
  type Selectors,
  setMark,
  snat,
  updateSet,
  verdict,
  vmap,
} from './expressions.js';
export type { Family, Hook, TableName } from './family.js';
export { allowForward, type ForwardDrop, findForwardDrops } from './forward-drops.js';
export { monitorRuleset, type RulesetEvent } from './monitor.js';
export type { ListedRule } from './read-ruleset.js';
export type { Selector } from './selectors.js';
export { NftablesSocket } from './socket.js';
export { rulesetText, ruleText } from './text.js';
export type { Verdict } from './verdict.js';
