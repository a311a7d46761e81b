import { byteLength } from '../../foundation/byte-text.js';
import { setPropagation } from '../../mounts/propagation.js';
import { AT, MS, O } from '../../syscalls/constants.js';
import type { Step } from '../../syscalls/plan.js';
import { call, result } from '../../syscalls/steps.js';
import type { Propagation } from '../spec.js';

export function propagate(propagation: Propagation): Step[] {
  if (propagation === 'unchanged') return [];
  const why = `make every mount ${propagation}`;
  return [setPropagation('/', propagation, { why, object: 'cannot change root filesystem propagation' })];
}

/** chroot(2) and not pivot_root(2): unshare(1) leaves the old root where it is. */
export function chroot(root: string | undefined, directory: string | undefined): Step[] {
  const into = directory ?? (root === undefined ? undefined : '/');
  return [
    ...(root === undefined
      ? []
      : [
          call('chroot', [root], 'change the root directory', {
            object: `cannot change root directory to '${root}'`,
            shell: ['unshare', `--root=${root}`, `--wd=${into}`],
          }),
        ]),
    ...(into === undefined
      ? []
      : [
          call('chdir', [into], 'start there', {
            object: `cannot chdir to '${into}'`,
            ...(root !== undefined && { shell: [] }),
          }),
        ]),
  ];
}

const PSEUDO = MS.NOSUID | MS.NODEV | MS.NOEXEC;

export function mountProc(target: string, makePrivate: boolean): Step[] {
  return [
    ...(makePrivate
      ? [
          setPropagation(target, 'private', {
            why: 'keep the mount to ourselves',
            tolerate: ['EINVAL'], // nothing is mounted there
            object: `cannot change ${target} filesystem propagation`,
          }),
        ]
      : []),
    call('mount', ['proc', target, 'proc', PSEUDO, null], 'see the processes of the pid namespace', {
      object: `mount ${target} failed`,
    }),
  ];
}

export function mountBinfmt(target: string, interpreter: string | undefined): Step[] {
  const file = `${target}/register`;
  return [
    call('mount', ['binfmt_misc', target, 'binfmt_misc', PSEUDO, null], 'have interpreters of our own', {
      object: `mount ${target} failed`,
    }),
    ...(interpreter === undefined
      ? []
      : [
          call('openat', [AT.FDCWD, file, O.WRONLY | O.CLOEXEC, 0], 'register the interpreter', {
            id: 'register',
            object: `cannot open ${file}`,
          }),
          call(
            'write',
            [result('register'), interpreter, byteLength(interpreter)],
            'register the interpreter',
            {
              object: `write failed ${file}`,
            },
          ),
          call('close', [result('register')], 'be done with it'),
        ]),
  ];
}
