/** Names in hosts(5) of a network that no member can have. */

/** By which members find the host. */
export const HOST_NAME = 'host.isol8.internal';

/** An address and its names, as the machine's own hosts(5) has them. */
export const LOCAL_NAMES = [
  ['127.0.0.1', 'localhost'],
  ['::1', 'localhost ip6-localhost ip6-loopback'],
  ['ff02::1', 'ip6-allnodes'],
  ['ff02::2', 'ip6-allrouters'],
] as const;

const FIXED = new Set([HOST_NAME, ...LOCAL_NAMES.flatMap(([, names]) => names.split(' '))]);

export const isFixedName = (name: string): boolean => FIXED.has(name.toLowerCase());
