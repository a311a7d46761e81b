import { ALL_KINDS, type NamespaceKind } from '../../namespaces/kinds.js';
import type { ListedNamespace, ListedProcess, NamespaceHolder } from '../../namespaces/list/namespace.js';

/** A light colour for each kind, told apart also by those who see few colours: each stands beside its name. */
export const COLORS: Readonly<Record<NamespaceKind, string>> = {
  mnt: '#ffd8a8',
  uts: '#eebefa',
  ipc: '#fcc2d7',
  pid: '#a5d8ff',
  net: '#b2f2bb',
  user: '#ffec99',
  cgroup: '#c5f6fa',
  time: '#d0bfff',
};

const MOST_PROCESSES = 5;
const MOST_KINDS = 4;
const MOST_LETTERS = 32;

/** A line for each process; of many the first few, and how many more there are. */
export function processWords(processes: readonly ListedProcess[]): string[] {
  const most = processes.length === MOST_PROCESSES + 1 ? MOST_PROCESSES + 1 : MOST_PROCESSES;
  const lines = processes.slice(0, most).map(({ pid, command }) => `${pid} ${shorten(command)}`);
  const rest = processes.length - lines.length;
  return rest > 0 ? [...lines, `and ${rest} more`] : lines;
}

/** The program without its folder, and as many of its arguments as there is room for. */
function shorten(command: string): string {
  const letters = [...command.replace(/^\S*\/(?=[^/\s])/, '').replace(/\p{C}/gu, '?')];
  return letters.length > MOST_LETTERS ? `${letters.slice(0, MOST_LETTERS - 1).join('')}…` : letters.join('');
}

/** The kinds in which a group is in the host's namespaces: named when they are few. */
export function hostWords(kinds: readonly NamespaceKind[]): string {
  if (kinds.length === ALL_KINDS.length) return "all of the host's";
  return kinds.length > MOST_KINDS ? "the others are the host's" : `the host's: ${kinds.join(', ')}`;
}

export function userTitle({ inode, ownerUid }: ListedNamespace): string {
  return `user ${inode}${ownerUid === undefined ? '' : `, made by uid ${ownerUid}`}`;
}

/** What keeps a namespace in which no process is. */
export function keeperWords({ keptBy }: ListedNamespace): string {
  return keptBy.slice(0, 2).map(keeper).join(', ');
}

function keeper(holder: NamespaceHolder): string {
  if (holder.by === 'mount') return shorten(`mounted on ${holder.path}`);
  if (holder.by === 'child') return 'kept by a child';
  if (holder.by === 'owned') return 'kept by what it owns';
  return 'pid' in holder ? `kept by ${holder.by} of ${holder.pid}` : 'kept by something unseen';
}
