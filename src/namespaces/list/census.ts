import { closeDescriptor, cString } from '../../syscalls/binding.js';
import { AT } from '../../syscalls/constants.js';
import { StatusReader } from '../../syscalls/statx.js';
import type { NamespaceKind } from '../kinds.js';
import type { NamespaceHolder } from './namespace.js';
import { ownNumber } from './namespace-link.js';

/** What is known of a namespace while the machine is being read. */
export interface Found {
  readonly kind: NamespaceKind;
  readonly inode: number;
  readonly processes: number[];
  readonly holders: NamespaceHolder[];
  /** Where it can be opened. */
  path: string | undefined;
  /** Held open until its relations are read, for what has no path. */
  descriptor: number | undefined;
  owner: number | undefined;
  parent: number | undefined;
  ownerUid: number | undefined;
  mounts: number | undefined;
}

/** All namespaces found so far. */
export class Census implements Disposable {
  readonly found = new Map<number, Found>();
  /** Readable processes, ascending. */
  readonly pids: number[] = [];
  /** Net namespace of each process that has one. */
  readonly netOf = new Map<number, number>();
  /** Mount namespace of each process that has one. */
  readonly mountsOf = new Map<number, number>();
  unreadable = 0;
  /** Of nsfs. */
  readonly device: number;
  readonly #self: number | undefined;

  constructor() {
    const status = new StatusReader();
    const isThere = status.read(AT.FDCWD, cString('/proc/self/ns/mnt')) === 0;
    this.device = isThere ? status.device : 0;
    this.#self = ownNumber();
  }

  /** Whether a descriptor is one of this census, and so keeps nothing alive for longer. */
  holdsOpen(pid: number, fd: number): boolean {
    if (pid !== this.#self) return false;
    return [...this.found.values()].some(({ descriptor }) => descriptor === fd);
  }

  /** The record of a namespace, made when it was unknown. */
  at(kind: NamespaceKind, inode: number): Found {
    let record = this.found.get(inode);
    if (record === undefined) {
      record = {
        kind,
        inode,
        processes: [],
        holders: [],
        path: undefined,
        descriptor: undefined,
        owner: undefined,
        parent: undefined,
        ownerUid: undefined,
        mounts: undefined,
      };
      this.found.set(inode, record);
    }
    return record;
  }

  /** Takes a descriptor of a namespace over: keeps it when nothing else leads there, closes it otherwise. */
  take(record: Found, descriptor: number): void {
    if (record.path === undefined && record.descriptor === undefined) record.descriptor = descriptor;
    else closeDescriptor(descriptor);
  }

  [Symbol.dispose](): void {
    for (const record of this.found.values()) {
      if (record.descriptor !== undefined) closeDescriptor(record.descriptor);
      record.descriptor = undefined;
    }
  }
}
