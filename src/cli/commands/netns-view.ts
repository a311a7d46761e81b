import { escapeControls } from '../../foundation/control-characters.js';
import { netnsFiles, netnsMounts } from '../../kept/netns-files.js';
import { parseMountinfo } from '../../mounts/mountinfo.js';
import type { NamespaceKind } from '../../namespaces/kinds.js';
import type { Namespace } from '../../namespaces/namespace.js';
import type { NetnsView } from '../../sandbox/in-place/enter-spec.js';
import type { BindMount, MountSpec } from '../../sandbox/spec.js';
import { readTextFile, statFile } from '../../syscalls/files.js';
import { STDERR, write } from '../output.js';
import { netTarget } from './net-spec.js';
import { isPid } from './pid-word.js';

interface Entered {
  readonly kind: NamespaceKind;
  readonly fd: number;
  /** The name that it was found by. */
  readonly kept?: string;
}

/** For a network namespace that is entered by its name, unless mounts are entered too, which have what they have. */
export async function netnsViewOf(namespaces: readonly Entered[]): Promise<NetnsView | undefined> {
  const net = namespaces.find(({ kind }) => kind === 'net');
  if (net?.kept === undefined || namespaces.some(({ kind }) => kind === 'mnt')) return undefined;
  const name = net.kept;
  sayUnplaced(name, 'enter');
  const files = [...(await networkFiles(net)), ...netnsFiles(name).placed];
  return { name, files, readOnlySys: isReadOnly('/sys') };
}

/** What isol8 run is to mount for such a name, or for a pid or path, which have no files of their own. */
export async function netnsMountsOf(target: string): Promise<MountSpec[]> {
  const named = !target.includes('/') && !isPid(target);
  if (named) sayUnplaced(target, 'run');
  return [...(await filesOf(target)), ...(named ? netnsMounts(target) : [])];
}

/** What cannot be opened is refused where it is joined. */
async function filesOf(target: string): Promise<BindMount[]> {
  let net: Namespace;
  try {
    net = netTarget(target);
  } catch {
    return [];
  }
  using _opened = net;
  return await networkFiles(net);
}

/** What a member of a network has for its names; the files of /etc/netns go before these, over which they are bound. */
async function networkFiles(net: { readonly fd: number }): Promise<BindMount[]> {
  const folders = ['/run', process.env.XDG_RUNTIME_DIR].filter((folder) => folder !== undefined);
  if (!folders.some((folder) => statFile(`${folder}/isol8/networks`))) return [];
  const { memberNameMounts } = await import('../../network/member-names.js');
  const mounts = await memberNameMounts(net);
  return mounts.filter(({ destination }) => statFile(destination) !== undefined);
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
