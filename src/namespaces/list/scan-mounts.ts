import { readTextFileIfAny } from '../../syscalls/files.js';
import { isNamespaceKind, type NamespaceKind } from '../kinds.js';
import type { Census } from './census.js';

/** A namespace that is mounted somewhere, as a line of /proc/PID/mountinfo says it. */
export interface MountedNamespace {
  readonly kind: NamespaceKind;
  readonly inode: number;
  /** As the process sees it. */
  readonly path: string;
}

/** The mounts of nsfs among those of a mountinfo file. See proc_pid_mountinfo(5). */
export function parseNamespaceMounts(mountinfo: string): MountedNamespace[] {
  if (!mountinfo.includes(' - nsfs ')) return [];
  return mountinfo.split('\n').flatMap((line) => {
    const [, kind = '', inode, path = ''] = /^\d+ \d+ \S+ (\w+):\[(\d+)\] (\S+) .* - nsfs /.exec(line) ?? [];
    if (!isNamespaceKind(kind)) return [];
    return [{ kind, inode: Number(inode), path: unescapeMountPath(path) }];
  });
}

/** Space, tab, newline and backslash are three octal digits there. */
function unescapeMountPath(text: string): string {
  if (!text.includes('\\')) return text;
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  const plain = bytes.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
  return Buffer.from(plain, 'latin1').toString('utf8');
}

/** Reads the mounts of every mount namespace that a process is in. */
export function scanMounts(census: Census, kinds: ReadonlySet<NamespaceKind>): void {
  const namespaces = [...census.found.values()].filter(({ kind }) => kind === 'mnt');
  for (const namespace of namespaces) {
    const pid = namespace.processes[0];
    if (pid === undefined) continue;
    for (const { kind, inode, path } of parseNamespaceMounts(
      readTextFileIfAny(`/proc/${pid}/mountinfo`) ?? '',
    )) {
      if (!kinds.has(kind)) continue;
      const record = census.at(kind, inode);
      record.path ??= `/proc/${pid}/root${path}`;
      // A copy of a mount namespace has copies of its mounts: each keeps the namespace, and one says enough.
      if (!record.holders.some((holder) => holder.by === 'mount' && holder.path === path)) {
        record.holders.push({ by: 'mount', path, pid });
      }
    }
  }
}
