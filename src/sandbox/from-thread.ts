import { SpecError } from '../foundation/errors.js';
import { ALL_KINDS } from '../namespaces/kinds.js';
import { movedTo } from '../namespaces/thread.js';
import { statFile } from '../syscalls/files.js';
import type { ParsedSandbox } from './parsed-spec.js';

/**
 * What is shared is what the calling thread has. Processes start from another one, so where the calling thread has moved by
 * unshare or setns, they join what it has moved to.
 */
export function fromThread(sandbox: ParsedSandbox): ParsedSandbox {
  const moved = movedTo();
  if (moved === undefined) return sandbox;
  const kinds = ALL_KINDS.filter(
    (kind) => moved[kind] !== undefined && sandbox.namespaces[kind] === 'shared',
  );
  if (kinds.length === 0) return sandbox;
  if (kinds.includes('pid') && !statFile(moved.pid as string)) {
    const why = 'the pid namespace that this thread has left for has no process yet';
    throw new SpecError('namespaces.pid', `${why}, and nobody but a child of child_process can be its first`);
  }
  const joined = Object.fromEntries(kinds.map((kind) => [kind, { path: moved[kind] as string }]));
  return { ...sandbox, namespaces: { ...sandbox.namespaces, ...joined } };
}
