import { Census } from './list/census.js';
import type { ListedNamespace, NamespaceList } from './list/namespace.js';
import { ProcessReader } from './list/processes.js';
import { readRelations } from './list/relations.js';
import { scanDescriptors } from './list/scan-descriptors.js';
import { scanKernel } from './list/scan-kernel.js';
import { scanMounts } from './list/scan-mounts.js';
import { scanProcesses } from './list/scan-processes.js';

/**
 * Lists the namespaces of this machine: those that processes and threads are in, and those that only a bind mount, an
 * open descriptor, a socket, a child or something owned keeps alive. It reads the /proc that is mounted here, so that a
 * process in a pid namespace sees what is below it. Without root it shows what may be seen, and says for how many
 * processes nothing may. See namespaces(7), ioctl_nsfs(2) and lsns(8).
 *
 * @throws SystemCallError when /proc cannot be read.
 */
export function list(): NamespaceList {
  using census = new Census();
  scanProcesses(census);
  scanMounts(census);
  scanDescriptors(census);
  scanKernel(census);
  readRelations(census);
  return { namespaces: finish(census), unreadable: census.unreadable };
}

function finish(census: Census): ListedNamespace[] {
  const reader = new ProcessReader();
  return [...census.found.values()]
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
