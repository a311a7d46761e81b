import { KEPT, NETNS } from '../namespaces/kept-path.js';
import { type MountedNamespace, parseNamespaceMounts } from '../namespaces/list/scan-mounts.js';
import { readTextFile } from '../syscalls/files.js';

/** A namespace that a mount holds under a name. */
export interface KeptNamespace extends MountedNamespace {
  readonly name: string;
}

/** All that are kept under a name, by name and kind; also what ip-netns(8) has made. Needs no privilege. */
export function listKept(): KeptNamespace[] {
  const byPath = new Map<string, KeptNamespace>();
  for (const mounted of parseNamespaceMounts(readTextFile('/proc/self/mountinfo'))) {
    const kept = asKept(mounted);
    if (kept) byPath.set(kept.path, kept);
  }
  const key = ({ name, kind }: KeptNamespace): string => `${name}\0${kind}`;
  return [...byPath.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

const PLACE = new RegExp(`^(?:${NETNS}|${KEPT}/(?<kind>[a-z]+))/(?<name>[^/]+)$`);

function asKept(mounted: MountedNamespace): KeptNamespace | undefined {
  const { name, kind = 'net' } = PLACE.exec(mounted.path)?.groups ?? {};
  return name && kind === mounted.kind ? { name, ...mounted } : undefined;
}
