import { fstatSync } from 'node:fs';
import { alsoFailed, Isol8Error } from '../foundation/errors.js';
import { keptPath } from '../namespaces/kept-path.js';
import type { NamespaceKind } from '../namespaces/kinds.js';
import { Namespace } from '../namespaces/namespace.js';
import { type CreateSpec, createOn } from '../sandbox/create-namespaces.js';
import { readTextFileIfAny } from '../syscalls/files.js';
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
  let refused: unknown;
  for (const processor of [undefined, ...(kinds.includes('mnt') ? processors() : [])]) {
    try {
      return await keepNew({ name, kinds, spec, processor });
    } catch (error) {
      if (!(error instanceof Isol8Error) || error.code !== 'EINVAL') throw error;
      refused ??= error;
    }
  }
  throw refused;
}

/**
 * A mnt namespace can be kept only in one with a smaller number. Linux 6.18 hands numbers out per processor, so that on the
 * processor that has made the present one, whichever that was, a new one has a larger number.
 */
function processors(): number[] {
  const online = readTextFileIfAny('/sys/devices/system/cpu/online') ?? '';
  return online
    .trim()
    .split(',')
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

interface Wanted {
  readonly name: string;
  readonly kinds: readonly NamespaceKind[];
  readonly spec: CreateSpec;
  readonly processor: number | undefined;
}

async function keepNew({ name, kinds, spec, processor }: Wanted): Promise<KeptNamespace[]> {
  const places = kinds.map((kind) => ({ kind, path: keptPath(name, kind) }));
  using created = await createOn(processor, kinds, spec);
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
function takeBack(paths: readonly string[], error: Isol8Error): unknown {
  for (const path of paths.toReversed()) {
    try {
      Namespace.release(path);
    } catch (failure) {
      alsoFailed(error, failure);
    }
  }
  return error;
}
