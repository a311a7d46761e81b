/** What `ip netns exec` shows a program besides the named network namespace: ip-netns(8). */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkKeptName } from '../namespaces/kept-path.js';
import type { MountSpec } from '../sandbox/spec.js';
import { loadAddon } from '../syscalls/addon.js';
import { statFile } from '../syscalls/files.js';

/** A file or directory of `/etc/netns/NAME`, and its place below `/etc`. */
export interface NetnsFile {
  readonly source: string;
  readonly destination: string;
}

/**
 * The entries of `/etc/netns/NAME`, of which those without a place in `/etc` are `unplaced`: nothing is created there, and
 * `ip netns exec` passes them over with a message. Throws Isol8Error EINVAL for what cannot be a name.
 */
export function netnsFiles(name: string): { placed: NetnsFile[]; unplaced: NetnsFile[] } {
  checkKeptName(name);
  const folder = `/etc/netns/${name}`;
  const files = entriesOf(folder).map((entry) => ({
    source: join(folder, entry),
    destination: join('/etc', entry),
  }));
  const isPlaced = ({ destination }: NetnsFile): boolean => statFile(destination) !== undefined;
  return { placed: files.filter(isPlaced), unplaced: files.filter((file) => !isPlaced(file)) };
}

/** None where it cannot be read, as for `ip netns exec`. */
function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/**
 * Mounts that show a program in the network namespace `name` what `ip netns exec` shows it: every entry of `/etc/netns/NAME`
 * over the one in `/etc`, and `/sys` with the devices of that namespace. For {@link SandboxSpec.mounts}, with the namespace
 * joined and the mnt namespace new. An entry without a place in `/etc` is passed over. ip-netns(8).
 *
 * @throws Isol8Error EINVAL what cannot be a name.
 * @throws UnsupportedError on another system.
 */
export function netnsMounts(name: string): MountSpec[] {
  loadAddon(); // or say that this is not Linux
  const { placed } = netnsFiles(name);
  return [
    { type: 'sysfs', destination: '/sys' },
    ...placed.map((file): MountSpec => ({ type: 'bind', ...file })),
  ];
}
