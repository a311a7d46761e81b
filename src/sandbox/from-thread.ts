import { SpecError } from '../foundation/errors.js';
import { ALL_KINDS } from '../namespaces/kinds.js';
import { movedTo } from '../namespaces/thread.js';
import { closeDescriptor } from '../syscalls/binding.js';
import { O } from '../syscalls/constants.js';
import { openFile, statFile } from '../syscalls/files.js';
import { launchThread } from '../syscalls/launch.js';
import type { ThreadPlace } from './facts.js';
import type { ParsedSandbox } from './parsed-spec.js';
import { umaskOf } from './umask.js';

/**
 * What is shared is what the calling thread has. Processes start from another one, so where the calling thread has moved by
 * unshare or setns, they join what it has moved to; its mnt namespace is a matter of {@link threadPlace}.
 */
export function fromThread(sandbox: ParsedSandbox): ParsedSandbox {
  const moved = movedTo();
  if (moved === undefined) return sandbox;
  const kinds = ALL_KINDS.filter(
    (kind) => kind !== 'mnt' && moved[kind] !== undefined && sandbox.namespaces[kind] === 'shared',
  );
  if (kinds.length === 0) return sandbox;
  if (kinds.includes('pid') && !statFile(moved.pid as string)) {
    const why = 'the pid namespace that this thread has left for has no process yet';
    throw new SpecError('namespaces.pid', `${why}, and nobody but a child of child_process can be its first`);
  }
  const joined = Object.fromEntries(kinds.map((kind) => [kind, { path: moved[kind] as string }]));
  return { ...sandbox, namespaces: { ...sandbox.namespaces, ...joined } };
}

/**
 * Where the calling thread stands, if that is not where the thread stands that processes start from: with a mnt namespace
 * unshare(2) gives it a working directory, a root and a umask of its own. The descriptors are the receiver's to close.
 */
export function threadPlace(): ThreadPlace | undefined {
  const moved = movedTo();
  if (moved === undefined) return undefined;
  const original = `/proc/self/task/${launchThread()}`;
  const umask = umaskOf(THREAD);
  const there = moved.mnt === undefined && isSameFile(`${THREAD}/cwd`, `${original}/cwd`);
  if (there && umask === umaskOf(original)) return undefined;
  const mnt = openFile(`${THREAD}/ns/mnt`);
  try {
    return { mnt, cwd: openFile(`${THREAD}/cwd`, O.PATH), umask };
  } catch (error) {
    closeDescriptor(mnt);
    throw error;
  }
}

const THREAD = '/proc/thread-self';

function isSameFile(a: string, b: string): boolean {
  const [one, other] = [statFile(a), statFile(b)];
  return one !== undefined && one.inode === other?.inode && one.device === other.device;
}
