/** A module by itself: the files of the command line share it. */
let openFiles: bigint | undefined;

/** RLIMIT_NOFILE's soft limit before the runtime raised it, where that is known. */
export const inheritedOpenFiles = (): bigint | undefined => openFiles;

export function noteInheritedOpenFiles(limit: bigint): void {
  openFiles = limit;
}
