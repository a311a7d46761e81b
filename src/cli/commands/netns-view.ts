import { escapeControls } from '../../foundation/control-characters.js';
import { netnsFiles, netnsMounts } from '../../kept/netns-files.js';
import { parseMountinfo } from '../../mounts/mountinfo.js';
import type { NamespaceKind } from '../../namespaces/kinds.js';
import type { NetnsView } from '../../sandbox/in-place/enter-spec.js';
import type { MountSpec } from '../../sandbox/spec.js';
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
  sayUnplaced(name, 'enter');
  return { name, files: netnsFiles(name).placed, readOnlySys: isReadOnly('/sys') };
}

/** What isol8 run is to mount for such a name. */
export function netnsMountsOf(name: string): MountSpec[] {
  sayUnplaced(name, 'run');
  return netnsMounts(name);
}

function sayUnplaced(name: string, command: 'enter' | 'run'): void {
  for (const { source, destination } of netnsFiles(name).unplaced) {
    const text = `${source} is not shown: there is no ${destination}`;
    write(STDERR, `isol8 ${command}: ${escapeControls(text)}\n`);
  }
}

function isReadOnly(path: string): boolean {
  const entries = parseMountinfo(readTextFile('/proc/self/mountinfo'));
  return entries.findLast((entry) => entry.path === path)?.readOnly ?? false;
}
