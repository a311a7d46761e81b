import type { ListedNamespace, ListedProcess, NamespaceHolder } from '../../namespaces/list/namespace.js';
import { readUserNames } from '../../namespaces/user-names.js';
import type { Cell, Column } from '../columns.js';
import { netnsId } from './netns-id.js';

/** A row of isol8 ls: a namespace, a process, or a namespace with the process that stands for it. */
export interface Row {
  readonly namespace: ListedNamespace;
  readonly process: ListedProcess | undefined;
}

export interface LsColumn extends Column {
  readonly help: string;
  readonly value: (row: Row) => Cell;
}

const number = { right: true, numeric: true };

/** lsns(8)'s columns in its order, then ours. */
export const LS_COLUMNS: readonly LsColumn[] = [
  { name: 'NS', help: 'inode of the namespace', ...number, value: ({ namespace }) => namespace.inode },
  { name: 'TYPE', help: 'its kind', value: ({ namespace }) => namespace.kind },
  { name: 'PATH', help: 'where it can be opened', shrinks: true, value: ({ namespace }) => namespace.path },
  { name: 'NPROCS', help: 'number of processes in it', ...number, value: countOf },
  { name: 'PID', help: 'lowest pid in it', ...number, value: ({ process }) => process?.pid },
  { name: 'PPID', help: "that process's parent", ...number, value: ({ process }) => process?.ppid },
  { name: 'COMMAND', help: 'its command line', shrinks: true, value: ({ process }) => process?.command },
  { name: 'UID', help: 'its user id; without a process that of the owner', ...number, value: uidOf },
  { name: 'USER', help: "that user's name", value: userOf },
  { name: 'NETNSID', help: 'id that the network subsystem uses', right: true, value: netnsIdOf },
  { name: 'NSFS', help: 'where it is mounted', lines: true, value: mountsOf },
  { name: 'PNS', help: 'its parent', ...number, value: ({ namespace }) => namespace.parent ?? 0 },
  {
    name: 'ONS',
    help: 'the user namespace that owns it',
    ...number,
    value: ({ namespace }) => namespace.owner ?? 0,
  },
  { name: 'KEPT-BY', help: 'what keeps it alive', shrinks: true, value: keptBy },
];

function countOf({ namespace }: Row): Cell {
  return namespace.processes.length;
}

function uidOf({ namespace, process }: Row): Cell {
  return process?.uid ?? namespace.ownerUid;
}

function userOf({ namespace, process }: Row): Cell {
  if (process) return process.user ?? String(process.uid);
  const { ownerUid } = namespace;
  return ownerUid === undefined ? undefined : (userNames().get(ownerUid) ?? String(ownerUid));
}

let names: Map<number, string> | undefined;

/** Read when a row asks for it. */
function userNames(): Map<number, string> {
  names ??= readUserNames();
  return names;
}

function netnsIdOf({ namespace }: Row): Cell {
  if (namespace.kind !== 'net' || namespace.path === undefined) return undefined;
  return String(netnsId(namespace.path) ?? 'unassigned');
}

function mountsOf({ namespace }: Row): Cell {
  const paths = namespace.keptBy.flatMap((holder) => (holder.by === 'mount' ? [holder.path] : []));
  return paths.length === 0 ? undefined : paths.join('\n');
}

function keptBy({ namespace }: Row): Cell {
  return namespace.keptBy.map(describeHolder).join(', ') || undefined;
}

function describeHolder(holder: NamespaceHolder): string {
  switch (holder.by) {
    case 'process':
      return `process ${holder.pid}`;
    case 'thread':
      return `thread ${holder.tid} of ${holder.pid}`;
    case 'children':
      return `children of ${holder.pid}`;
    case 'mount':
      return `mount ${holder.path}`;
    case 'descriptor':
    case 'socket':
      return `${holder.by} ${holder.fd} of ${holder.pid}`;
    case 'child':
      return `child ${holder.inode}`;
    case 'owned':
      return `owner of ${holder.inode}`;
    case 'unknown':
      return 'unknown';
  }
}
