import { ALL_KINDS, type NamespaceKind } from './kinds.js';
import { Census, type Found } from './list/census.js';
import type { Namespace, NamespaceList } from './list/namespace.js';
import { ProcessReader } from './list/processes.js';
import { readRelations } from './list/relations.js';
import { scanDescriptors } from './list/scan-descriptors.js';
import { scanKernel } from './list/scan-kernel.js';
import { scanMounts } from './list/scan-mounts.js';
import { scanProcesses } from './list/scan-processes.js';

/** What {@link list} is to look for. */
export interface ListOptions {
  /** Kinds to find. Default all. Owners and parents of what is found are there in any case. */
  readonly kinds?: readonly NamespaceKind[];
}

/**
 * Lists the namespaces of this machine: those that processes and threads are in, and those that only a bind mount, an
 * open descriptor, a socket, a child or something owned keeps alive. It reads the /proc that is mounted here, so that a
 * process in a pid namespace sees what is below it. Without root it shows what may be seen, and says for how many
 * processes nothing may. See namespaces(7), ioctl_nsfs(2) and lsns(8).
 *
 * @throws SystemCallError when /proc cannot be read.
 */
export function list(options: ListOptions = {}): NamespaceList {
  const kinds = new Set(options.kinds ?? ALL_KINDS);
  // Mounts are found by the mount namespaces they are in.
  const read = new Set<NamespaceKind>([...kinds, 'mnt', 'net']);
  using census = new Census();
  scanProcesses(census, read);
  scanMounts(census, kinds);
  scanDescriptors(census, kinds);
  scanKernel(census);
  readRelations(census);
  return { namespaces: finish(census, kinds), unreadable: census.unreadable };
}

function finish(census: Census, kinds: ReadonlySet<NamespaceKind>): Namespace[] {
  const reader = new ProcessReader();
  const needed = (record: Found) =>
    kinds.has(record.kind) || record.holders.some(({ by }) => by === 'child' || by === 'owned');
  return [...census.found.values()]
    .filter(needed)
    .sort((a, b) => a.inode - b.inode)
    .map((record) => ({
      kind: record.kind,
      inode: record.inode,
      device: census.device,
      processes: record.processes,
      representative: record.processes[0] === undefined ? undefined : reader.read(record.processes[0]),
      owner: record.owner,
      parent: record.parent,
      ownerUid: record.ownerUid ?? census.found.get(record.owner ?? 0)?.ownerUid,
      mounts: record.mounts,
      path: record.path,
      keptBy: record.holders,
    }));
}
