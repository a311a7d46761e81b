import { lookup } from 'node:dns/promises';
import { Isol8Error } from '../../foundation/errors.js';
import { familyOf } from '../../foundation/ip.js';
import type { Namespace } from '../../namespaces/namespace.js';
import { lookUpName } from '../../network/look-up.js';

/**
 * An address for what a person calls a host: itself, that of a member of a network, or what this machine's own look-up says where
 * the question is about this network namespace.
 *
 * @throws Isol8Error ENOENT
 */
export async function addressOf(name: string, from: Namespace | undefined): Promise<string> {
  if (familyOf(name) !== undefined) return name;
  if (name === 'localhost') return '127.0.0.1';
  const [member] = await lookUpName(name, from);
  if (member !== undefined) return member;
  const found = from === undefined ? await lookup(name).catch(() => undefined) : undefined;
  if (found !== undefined) return found.address;
  const where =
    from === undefined ? 'here, nor in a network of this host' : `in a network that ${from} is in`;
  throw new Isol8Error('ENOENT', `there is no ${name} ${where}. Names of members: isol8 net inspect NETWORK`);
}
