import { parseMountinfo } from '../../mounts/mountinfo.js';
import { cString } from '../../syscalls/binding.js';
import { AT } from '../../syscalls/constants.js';
import { readTextFileIfAny } from '../../syscalls/files.js';
import type { NamespaceKind } from '../kinds.js';
import type { Census } from './census.js';
import { LinkReader, parseNamespaceLink } from './namespace-link.js';

/** A namespace that is mounted somewhere, as a line of /proc/PID/mountinfo says it. */
export interface MountedNamespace {
  readonly kind: NamespaceKind;
  readonly inode: number;
  /** As the process sees it. */
  readonly path: string;
}

/** The mounts of nsfs among those of a mountinfo file. See proc_pid_mountinfo(5). */
export function parseNamespaceMounts(mountinfo: string): MountedNamespace[] {
  return parseMountinfo(mountinfo, 'nsfs').flatMap(({ root, path }) => {
    const namespace = parseNamespaceLink(root);
    return namespace ? [{ ...namespace, path }] : [];
  });
}

/** Reads the mounts of every mount namespace that a process is in, the reader's own first. */
export function scanMounts(census: Census): void {
  const own = new LinkReader().inode(AT.FDCWD, {
    kind: 'mnt',
    name: 'mnt',
    path: cString('/proc/self/ns/mnt'),
  });
  const namespaces = [...census.found.values()].filter(({ kind }) => kind === 'mnt');
  namespaces.sort((a, b) => Number(b.inode === own) - Number(a.inode === own));
  for (const { inode, processes } of namespaces) {
    if (inode === own) takeMounts(census, '/proc/self/mountinfo', { pid: processes[0] ?? 0, root: '' });
    else if (processes[0] !== undefined) {
      const folder = `/proc/${processes[0]}`;
      takeMounts(census, `${folder}/mountinfo`, { pid: processes[0], root: `${folder}/root` });
    }
  }
}

function takeMounts(census: Census, file: string, { pid, root }: { pid: number; root: string }): void {
  for (const { kind, inode, path } of parseNamespaceMounts(readTextFileIfAny(file) ?? '')) {
    const record = census.at(kind, inode);
    record.path ??= root + path;
    // A copy of a mount namespace has copies of its mounts: each keeps the namespace, and one says enough.
    if (record.holders.some((holder) => holder.by === 'mount' && holder.path === path)) continue;
    record.holders.push({ by: 'mount', path, pid });
  }
}
