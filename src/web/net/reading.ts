/** What the kernel has said, before it is made a picture. */
import type { ListedNamespace, ListedProcess } from '../../namespaces/list/namespace.js';
import type { Address } from '../../rtnetlink/addresses/decode.js';
import type { Link } from '../../rtnetlink/links/link.js';
import type { Route } from '../../rtnetlink/routes/decode.js';

/** All network namespaces that could be found. */
export interface NetReading {
  readonly places: readonly PlaceReading[];
  /** The inode of the one that the calling thread is in. */
  readonly own: number | undefined;
  /** The inode of the one that process 1 is in. */
  readonly host: number | undefined;
  /** How many processes there are whose namespaces this user may not see. */
  readonly unreadable: number;
}

export interface PlaceReading {
  readonly namespace: ListedNamespace;
  /** As `ip netns list` has them. */
  readonly names: readonly string[];
  /** The first of the processes in it, without those of the kernel and this one. */
  readonly processes: readonly ListedProcess[];
  /** How many more there are, with the kernel's. */
  readonly moreProcesses: number;
  /** The code of the error where its inside could not be looked at. */
  readonly hidden?: string;
  readonly network?: NetworkInside;
}

export interface NetworkInside {
  readonly links: readonly Link[];
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  /** What nf_tables translates, in words; undefined where this user may not see it. */
  readonly nat: readonly string[] | undefined;
  /** Where links lead that say they are connected to another namespace, by interface index. */
  readonly elsewhere: ReadonlyMap<number, number>;
}
