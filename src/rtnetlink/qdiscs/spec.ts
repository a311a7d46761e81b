import type { Some } from '../fields.js';
import type { NetemOptions } from './netem.js';
import type { TbfOptions } from './tbf.js';

/** A queueing discipline of a link; see tc(8). */
export interface QdiscSpec {
  /** The link, by interface index. */
  readonly link: number;
  /** Default what has options here; `clsact` and `ingress` need none. */
  readonly kind?: string | undefined;
  /** Where it is attached: `root`, or a class `1:10`. Default root. */
  readonly parent?: string | undefined;
  /** Its own number: `1:`. Default one that the kernel chooses. */
  readonly handle?: string | undefined;
  readonly tbf?: TbfOptions | undefined;
  readonly netem?: Some<NetemOptions> | undefined;
}

/** What names a queueing discipline that is to be removed. */
export type QdiscTarget = Pick<QdiscSpec, 'link' | 'parent' | 'handle' | 'kind'>;
