import { setPropagation } from '../../mounts/propagation.js';
import { CLONE, MNT, MS } from '../../syscalls/constants.js';
import type { Step } from '../../syscalls/plan.js';
import { call } from '../../syscalls/steps.js';
import type { NetnsView } from './enter-spec.js';

/** In the order of `ip netns exec`. Its mounts are slaves, so that what is mounted outside later appears inside too. */
export function viewSteps({ name, files, readOnlySys }: NetnsView): Step[] {
  const flags = MS.NOSUID | MS.NODEV | MS.NOEXEC | (readOnlySys ? MS.RDONLY : 0);
  return [
    call('unshare', [CLONE.NEWNS], 'have mounts that only the program sees', { object: 'unshare failed' }),
    setPropagation('/', 'slave', {
      why: 'keep them from appearing outside',
      object: 'cannot change root filesystem propagation',
    }),
    call('umount2', ['/sys', MNT.DETACH], 'take the devices outside away', {
      tolerate: ['EINVAL', 'EPERM', 'ENOENT'], // not a mount, or one of another user namespace: then it is covered
    }),
    call('mount', [name, '/sys', 'sysfs', flags, null], 'see the devices of the network namespace', {
      object: 'mount /sys failed',
    }),
    ...files.flatMap(({ source, destination, readOnly }) => [
      call('mount', [source, destination, null, MS.BIND, null], `show ${source}`, {
        object: `bind ${source} on ${destination} failed`,
      }),
      ...(readOnly
        ? [call('mount', [null, destination, null, READ_ONLY, null], 'and keep it as it is')]
        : []),
    ]),
  ];
}

const READ_ONLY = MS.BIND | MS.REMOUNT | MS.RDONLY;
