import { fstatSync } from 'node:fs';
import { Isol8Error } from '../foundation/errors.js';
import { keptPath } from '../namespaces/kept-path.js';
import type { NamespaceKind } from '../namespaces/kinds.js';
import { Namespace } from '../namespaces/namespace.js';
import { type CreateSpec, createNamespaces } from '../sandbox/create-namespaces.js';
import type { KeptNamespace } from './list.js';
import { identityOf, recordUnfinished } from './record.js';

/**
 * Makes namespaces without a process and keeps them under a name, all or none: what was kept before a failure is taken
 * back, and what a killed process leaves is found by {@link sweep}.
 *
 * @throws SpecError for pid, which cannot be without a process, and for a spec that cannot be.
 * @throws Isol8Error EEXIST when one of them is kept already, EPERM or EACCES for who may not mount there.
 */
export async function addKept(
  name: string,
  kinds: readonly NamespaceKind[],
  spec: CreateSpec,
): Promise<KeptNamespace[]> {
  const places = kinds.map((kind) => ({ kind, path: keptPath(name, kind) }));
  using created = await createNamespaces(kinds, spec);
  const wanted = places.map(({ kind, path }) => {
    const namespace = created[kind] as Namespace;
    return { namespace, kept: { name, kind, inode: Number(namespace.inode), path } };
  });
  using _ = recordUnfinished(
    wanted.map(({ namespace, kept }) => ({
      path: kept.path,
      identity: identityOf(fstatSync(namespace.fd, { bigint: true })),
    })),
  );
  const done: string[] = [];
  try {
    for (const { namespace, kept } of wanted) done.push(namespace.keep(kept.path));
  } catch (error) {
    throw takeBack(done, error as Isol8Error);
  }
  return wanted.map(({ kept }) => kept);
}

/** The error with what besides it went wrong. */
function takeBack(paths: readonly string[], error: Isol8Error): Isol8Error {
  const failures = paths.toReversed().flatMap((path) => {
    try {
      Namespace.release(path);
      return [];
    } catch (failure) {
      return [(failure as Error).message];
    }
  });
  if (failures.length === 0) return error;
  return new Isol8Error(error.code, [error.message, ...failures].join('; also: '), { cause: error });
}
