/** What a person would use instead, from a shell or through child_process. */
import type { Skipped } from './figures.js';
import { isInstalled } from './machine.js';

export interface Peer {
  readonly what: string;
  readonly program: string;
  readonly args: readonly string[];
}

export const UNSHARE: Peer = {
  what: 'unshare',
  program: 'unshare',
  args: [
    ...['--user', '--map-root-user', '--mount', '--net', '--uts', '--ipc', '--cgroup', '--time'],
    ...['--pid', '--fork', '--mount-proc', '--'],
  ],
};

/** Seven namespaces (it has no time namespace); it needs to be told to keep the host's files. */
export const BWRAP: Peer = {
  what: 'bwrap',
  program: 'bwrap',
  args: ['--unshare-all', '--dev-bind', '/', '/', '--proc', '/proc', '--'],
};

/** Which peers are here, and why the others are not measured. */
export function findPeers(peers: readonly Peer[]): { here: Peer[]; skipped: Skipped[] } {
  const here = peers.filter(({ program }) => isInstalled(program));
  const missing = peers.filter((peer) => !here.includes(peer));
  return { here, skipped: missing.map(({ what }) => ({ what, reason: 'it is not installed' })) };
}
