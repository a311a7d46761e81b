import { parseMountinfo } from '../mounts/mountinfo.js';
import { KEPT, NETNS } from '../namespaces/kept-path.js';
import { isNamespaceKind, type NamespaceKind } from '../namespaces/kinds.js';
import { readTextFile } from '../syscalls/files.js';

/** A namespace that a mount holds under a name. */
export interface KeptNamespace {
  readonly name: string;
  readonly kind: NamespaceKind;
  readonly inode: number;
  readonly path: string;
}

/** All that are kept under a name, by name and kind; also what ip-netns(8) has made. Needs no privilege. */
export function listKept(): KeptNamespace[] {
  const byPath = new Map<string, KeptNamespace>();
  for (const { type, root, path } of parseMountinfo(readTextFile('/proc/self/mountinfo'))) {
    const kept = type === 'nsfs' ? keptAt(path, root) : undefined;
    if (kept) byPath.set(path, kept);
  }
  const key = ({ name, kind }: KeptNamespace): string => `${name}\0${kind}`;
  return [...byPath.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

const PLACE = new RegExp(`^(?:${NETNS}|${KEPT}/(?<kind>[a-z]+))/(?<name>[^/]+)$`);

/** `root` is what is mounted: `uts:[4026532000]`. */
function keptAt(path: string, root: string): KeptNamespace | undefined {
  const place = PLACE.exec(path)?.groups;
  const [, kind, inode] = /^([a-z]+):\[(\d+)\]$/.exec(root) ?? [];
  if (!place?.name || kind === undefined || !isNamespaceKind(kind)) return undefined;
  if (kind !== (place.kind ?? 'net')) return undefined;
  return { name: place.name, kind, inode: Number(inode), path };
}
