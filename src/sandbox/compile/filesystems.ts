/** The file systems that are made for a program: in their turn, or early where it would be too late then. */
import { type Detached, newFilesystem } from '../../mounts/attach.js';
import { MOUNT_ATTR } from '../../syscalls/constants.js';
import type { Step } from '../../syscalls/plan.js';
import type { MountSpec, TmpfsMount } from '../spec.js';
import { type Context, isJoined, isNew } from './context.js';

const { NOSUID, NODEV, NOEXEC } = MOUNT_ATTR;

/** The step ids of mounts made before the main process existed, for {@link mountSteps} to put in place. */
export const EARLY_PROC = 'early-proc';
const earlyMount = (index: number): string => `early-mount-${index}`;

/** proc of a joined pid namespace can be made only outside of the new user namespace, by a process in it. */
export function needsEarlyProc(context: Context): boolean {
  const { proc, mounts } = context.spec;
  const wanted = proc || mounts.some(({ type }) => type === 'proc');
  return wanted && isJoined(context, 'pid') && isNew(context, 'user') && isNew(context, 'mnt');
}

/** One for /proc, which the maps are written through as well, and one for each of `mounts`. */
export function earlyProc(context: Context): Step[] {
  const attributes = NOSUID | NODEV | NOEXEC;
  return [
    ...newFilesystem({ id: EARLY_PROC, type: 'proc', attributes, field: 'proc' }).steps,
    ...earlyMounts(context, 'proc'),
  ];
}

/** What a file system shows is that of a namespace, and the kernel lets only that one's owner make it. */
export const SHOWS = { proc: 'pid', mqueue: 'ipc', sysfs: 'net' } as const;

/** mqueue of a joined ipc namespace and sysfs of a joined net namespace likewise. */
export function earlyViews(context: Context): Step[] {
  return (['mqueue', 'sysfs'] as const).flatMap((type) =>
    isEarlyView(context, type) ? earlyMounts(context, type) : [],
  );
}

const isEarlyView = (context: Context, type: 'mqueue' | 'sysfs'): boolean =>
  isJoined(context, SHOWS[type]) && isNew(context, 'user');

function earlyMounts({ spec }: Context, type: keyof typeof SHOWS): Step[] {
  return spec.mounts.flatMap((mount, index) =>
    mount.type === type ? [...filesystemOf(mount, index, earlyMount(index)).steps] : [],
  );
}

/**
 * A "joined" pid namespace that is the caller's own: its /proc is there already, and another user namespace than the
 * caller's could not mount one.
 */
export function showsProc(context: Context): boolean {
  const { namespaces, root } = context.spec;
  const own = typeof namespaces.pid === 'object' && !isJoined(context, 'pid');
  return own && root === undefined && (isNew(context, 'user') || isJoined(context, 'user'));
}

/** For /proc. */
export function procFilesystem(context: Context): Detached {
  if (needsEarlyProc(context)) return { id: EARLY_PROC, steps: [] };
  return newFilesystem({ id: 'proc', type: 'proc', attributes: NOSUID | NODEV | NOEXEC, field: 'proc' });
}

/** For one of `mounts`, by its place there. */
export function detachedOf(context: Context, mount: MountSpec, index: number): Detached {
  if (mount.type === 'bind') return { id: `bind-${index}`, steps: [] };
  if (isEarly(context, mount.type)) return { id: earlyMount(index), steps: [] };
  return filesystemOf(mount, index, `mount-${index}`);
}

function isEarly(context: Context, type: MountSpec['type']): boolean {
  if (type === 'proc') return needsEarlyProc(context);
  return (type === 'mqueue' || type === 'sysfs') && isEarlyView(context, type);
}

function filesystemOf(mount: Exclude<MountSpec, { type: 'bind' }>, index: number, id: string): Detached {
  const field = `mounts[${index}]`;
  switch (mount.type) {
    case 'tmpfs':
      return newFilesystem({
        id,
        type: 'tmpfs',
        options: tmpfsOptions(mount),
        attributes: tmpfsAttributes(mount),
        field,
      });
    case 'devpts':
      return newFilesystem({
        id,
        type: 'devpts',
        options: { mode: '620', ptmxmode: '666' },
        attributes: NOSUID | NOEXEC,
        field,
      });
    case 'proc':
    case 'mqueue':
    case 'sysfs':
      return newFilesystem({ id, type: mount.type, attributes: NOSUID | NODEV | NOEXEC, field });
  }
}

const tmpfsAttributes = ({ exec = true, suid = false, dev = false }: TmpfsMount): number =>
  (exec ? 0 : NOEXEC) | (suid ? 0 : NOSUID) | (dev ? 0 : NODEV);

function tmpfsOptions(mount: TmpfsMount): Record<string, string> {
  const mode = (mount.mode ?? 0o755).toString(8);
  return mount.size === undefined ? { mode } : { mode, size: `${mount.size}` };
}
