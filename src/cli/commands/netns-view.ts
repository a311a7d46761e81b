import { netnsFiles } from '../../kept/netns-files.js';
import { parseMountinfo } from '../../mounts/mountinfo.js';
import type { NamespaceKind } from '../../namespaces/kinds.js';
import type { NetnsView } from '../../sandbox/in-place/enter-spec.js';
import { readTextFile } from '../../syscalls/files.js';
import { STDERR, write } from '../output.js';

interface Entered {
  readonly kind: NamespaceKind;
  /** The name that it was found by. */
  readonly kept?: string;
}

/** For a network namespace that is entered by its name, unless mounts are entered too, which have what they have. */
export function netnsViewOf(namespaces: readonly Entered[]): NetnsView | undefined {
  const name = namespaces.find(({ kind }) => kind === 'net')?.kept;
  if (name === undefined || namespaces.some(({ kind }) => kind === 'mnt')) return undefined;
  const { placed, unplaced } = netnsFiles(name);
  for (const { source, destination } of unplaced)
    write(STDERR, `isol8 enter: ${source} is not shown: there is no ${destination}\n`);
  return { name, files: placed, readOnlySys: isReadOnly('/sys') };
}

function isReadOnly(path: string): boolean {
  const entries = parseMountinfo(readTextFile('/proc/self/mountinfo'));
  return entries.findLast((entry) => entry.path === path)?.readOnly ?? false;
}
