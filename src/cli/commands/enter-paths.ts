import { SpecError } from '../../foundation/errors.js';
import { KINDS } from '../../namespaces/kinds.js';
import { list } from '../../namespaces/list.js';
import type { EnteredNamespace, EnterSpec } from '../../sandbox/in-place/enter-spec.js';
import { statDescriptor } from '../../syscalls/files.js';

/**
 * What was found by an id, a socket or its child, by a path that leads to it for others too. Throws SpecError where there
 * is none and a script has to have one.
 */
export function withPaths(spec: EnterSpec, script: boolean): EnterSpec {
  if (spec.namespaces.every(({ path }) => path !== undefined)) return spec;
  const listed = list().namespaces;
  const own = `/proc/${process.pid}/fd/`;
  const found = (namespace: EnteredNamespace): EnteredNamespace => {
    if (namespace.path !== undefined) return namespace;
    const { inode } = statDescriptor(namespace.fd);
    const path = listed.find((one) => BigInt(one.inode) === inode)?.path;
    if (path !== undefined && !path.startsWith(own)) return { ...namespace, path };
    if (!script) return namespace;
    const option = `--${KINDS[namespace.kind].option}`;
    throw new SpecError('--explain', `no path leads to the namespace of ${option}, and a script needs one`);
  };
  return { ...spec, namespaces: spec.namespaces.map(found) };
}
