import type { Change } from './change.js';

const BATCH: Readonly<Record<string, string>> = {
  EPERM: 'It takes CAP_NET_ADMIN in the user namespace that owns the network namespace',
  ENOENT: 'This kernel has no nf_tables (CONFIG_NF_TABLES)',
  EOPNOTSUPP: 'This kernel has no nf_tables (CONFIG_NF_TABLES)',
  ERESTART: 'Others change the ruleset all the time',
};

const OWNED = 'The table belongs to a socket of another process (flag owner)';
const DESTROY = 'Destroying needs Linux 6.3';

/** What to do about an errno that the kernel answers a change with. */
export function remediesOf(change?: Change): Readonly<Record<string, string>> {
  switch (change?.change) {
    case undefined:
      return BATCH;
    case 'add rule':
    case 'insert rule':
      return {
        EPERM: OWNED,
        ENOENT:
          'There is no such table, chain or set, or the kernel lacks one of the expressions (CONFIG_NFT_*)',
        EOPNOTSUPP:
          'An expression of it is not for the type or hook of this chain, or of one that leads here',
        ELOOP: 'The chains jump in a circle',
        EMLINK: 'Chains jump more than 16 deep',
      };
    case 'add chain':
    case 'create chain':
      return {
        EPERM: OWNED,
        EEXIST: 'There is another base chain of this name: type, hook and priority stay as they were made',
        ENOENT:
          'There is no such table, or the kernel lacks this type of chain (CONFIG_NF_TABLES_*, CONFIG_NFT_NAT)',
        ENODEV: 'There is no such interface',
      };
    case 'add set':
    case 'create set':
      return { EPERM: OWNED, EEXIST: 'There is another set of this name' };
    case 'delete chain':
    case 'delete set':
    case 'delete table':
      return { EPERM: OWNED, EBUSY: 'A rule or a map still uses it' };
    case 'delete element':
      return { EPERM: OWNED, ENOENT: 'An element, or the set itself, is not there' };
    case 'destroy table':
    case 'destroy chain':
    case 'destroy rule':
    case 'destroy set':
    case 'destroy element':
      return { EPERM: OWNED, EINVAL: DESTROY, EOPNOTSUPP: DESTROY };
    default:
      return { EPERM: OWNED };
  }
}
