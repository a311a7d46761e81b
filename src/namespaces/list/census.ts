import { closeDescriptor } from '../../syscalls/binding.js';
import type { NamespaceKind } from '../kinds.js';
import type { NamespaceHolder } from './namespace.js';

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
  unreadable = 0;
  device = 0;

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
