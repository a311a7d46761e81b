import { Isol8Error } from '../foundation/errors.js';
import type { NamespaceKind } from './kinds.js';

/** Where names are kept; net namespaces stand where ip-netns(8) has them, so that both see the same. */
export const KEPT = '/run/isol8/ns';
export const NETNS = '/run/netns';

/** `/run/netns/NAME`, or `/run/isol8/ns/KIND/NAME`. Throws Isol8Error EINVAL for what is not one file's name. */
export function keptPath(name: string, kind: NamespaceKind): string {
  checkKeptName(name);
  return `${keptFolder(kind)}/${name}`;
}

/** Throws Isol8Error EINVAL for what is not one file's name. */
export function checkKeptName(name: string): void {
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name) || Buffer.byteLength(name) > 255)
    throw new Isol8Error(
      'EINVAL',
      `${JSON.stringify(name)} cannot be the name of a namespace: it must be a file name`,
    );
}

export const keptFolder = (kind: NamespaceKind): string => (kind === 'net' ? NETNS : `${KEPT}/${kind}`);
