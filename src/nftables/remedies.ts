import type { Change } from './change.js';

const BATCH: Readonly<Record<string, string>> = {
  EPERM: 'It takes CAP_NET_ADMIN in the user namespace that owns the network namespace',
  ENOENT: 'This kernel has no nf_tables (CONFIG_NF_TABLES)',
  EOPNOTSUPP: 'This kernel has no nf_tables (CONFIG_NF_TABLES)',
  ERESTART: 'Others change the ruleset all the time',
};

const OWNED = 'The table belongs to a socket of another process (flag owner)';
const DESTROY = 'Destroying needs Linux 6.3';

type Remedies = Readonly<Record<string, string>>;

const RULE: Remedies = {
  EPERM: OWNED,
  ENOENT: 'There is no such table, chain or set, or the kernel lacks one of the expressions (CONFIG_NFT_*)',
  EOPNOTSUPP: 'An expression of it is not for the type or hook of this chain, or of one that leads here',
  ELOOP: 'The chains jump in a circle',
  EMLINK: 'Chains jump in a circle, or more than 16 deep',
};
const CHAIN: Remedies = {
  EPERM: OWNED,
  EEXIST: 'There is another base chain of this name: type, hook and priority stay as they were made',
  ENOENT:
    'There is no such table, or the kernel lacks this type of chain (CONFIG_NF_TABLES_*, CONFIG_NFT_NAT)',
  ENODEV: 'There is no such interface',
};
const SET: Remedies = { EPERM: OWNED, EEXIST: 'There is another set of this name' };
const ELEMENT: Remedies = {
  EPERM: OWNED,
  ENOENT: 'There is no such set, or no chain that a verdict leads to',
  EEXIST: 'One is there already, or overlaps what is there',
  EBUSY: 'Its key is there with other data',
  ENFILE: 'The set has as many as its size allows',
};
const USED: Remedies = { EPERM: OWNED, EBUSY: 'A rule or a map still uses it' };
const DESTROYED: Remedies = { EPERM: OWNED, EINVAL: DESTROY, EOPNOTSUPP: DESTROY };

const REMEDIES: Readonly<Partial<Record<Change['change'], Remedies>>> = {
  'add rule': RULE,
  'insert rule': RULE,
  'add chain': CHAIN,
  'create chain': CHAIN,
  'add set': SET,
  'create set': SET,
  'add element': ELEMENT,
  'create element': ELEMENT,
  'delete element': { EPERM: OWNED, ENOENT: 'An element, or the set itself, is not there' },
  'delete chain': USED,
  'delete set': USED,
  'delete table': USED,
  'destroy table': DESTROYED,
  'destroy chain': DESTROYED,
  'destroy rule': DESTROYED,
  'destroy set': DESTROYED,
  'destroy element': DESTROYED,
};
const OTHERS: Remedies = { EPERM: OWNED };

/** What to do about an errno that the kernel answers a change with, or the batch as a whole. */
export const remediesOf = (change?: Change): Remedies =>
  change === undefined ? BATCH : (REMEDIES[change.change] ?? OTHERS);
