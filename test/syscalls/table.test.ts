/** Numbers of the kernel's own headers, checked by a compiler for each architecture: nothing has to be run. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Architecture } from '../../src/syscalls/architecture.js';
import * as constants from '../../src/syscalls/constants.js';
import { ERRNO_NAMES, errnoNumber } from '../../src/syscalls/errno.js';
import { SYSCALLS } from '../../src/syscalls/table.js';
import { MACHINE } from '../../src/syscalls/wire.js';
import { withFolder } from '../native/compiled.js';

const COMPILERS: Readonly<Record<Architecture, readonly string[]>> = {
  x64: process.arch === 'x64' ? ['cc', 'gcc', 'clang'] : ['x86_64-linux-gnu-gcc'],
  arm64: process.arch === 'arm64' ? ['cc', 'gcc', 'clang'] : ['aarch64-linux-gnu-gcc'],
};
const PACKAGES = {
  x64: 'libc6-dev (or libc6-dev-amd64-cross)',
  arm64: 'gcc-aarch64-linux-gnu, libc6-dev-arm64-cross',
};

interface Check {
  readonly name: string;
  readonly value: number;
}

/** The names of a group as C has them: `PREFIX_` before each. */
const group = (prefix: string, values: Readonly<Record<string, number>>): Check[] =>
  Object.entries(values).map(([name, value]) => ({ name: `${prefix}${name}`, value }));

/** Newer than the headers of a distribution may be: compared where they are there. */
const NEW = [
  ...['MFD_EXEC', 'MFD_NOEXEC_SEAL', 'NS_MNT_GET_INFO', '__NR_listns'],
  ...['NS_GET_PID_FROM_PIDNS', 'NS_GET_TGID_FROM_PIDNS', 'NS_GET_PID_IN_PIDNS', 'NS_GET_TGID_IN_PIDNS'],
];

/** Headers that do not get along with each other are in units of their own. */
const UNITS: readonly { readonly headers: readonly string[]; readonly checks: readonly Check[] }[] = [
  {
    headers: [
      'linux/sched.h',
      'asm/fcntl.h',
      'linux/fcntl.h',
      'linux/openat2.h',
      'linux/mount.h',
      'linux/memfd.h',
      'linux/stat.h',
    ],
    checks: [
      ...group('CLONE_', constants.CLONE),
      ...group('O_', constants.O),
      ...group('LOCK_', constants.LOCK),
      ...group('AT_', constants.AT),
      ...group('STATX_', constants.STATX),
      ...group('RESOLVE_', constants.RESOLVE),
      ...group('MS_', constants.MS),
      ...group('OPEN_TREE_', constants.OPEN_TREE),
      ...group('FSOPEN_', constants.FSOPEN),
      ...group('FSMOUNT_', constants.FSMOUNT),
      ...group('FSCONFIG_', constants.FSCONFIG),
      ...group('MOVE_MOUNT_', constants.MOVE_MOUNT),
      ...group('MOUNT_ATTR_', constants.MOUNT_ATTR),
      ...group('MFD_', constants.MFD),
      ...group('', constants.FCNTL),
    ],
  },
  {
    headers: [
      'linux/close_range.h',
      'linux/prctl.h',
      'asm/poll.h',
      'linux/seccomp.h',
      'linux/fs.h',
      'linux/elf-em.h',
    ],
    checks: [
      ...group('CLOSE_RANGE_', constants.CLOSE_RANGE),
      ...group('PR_', constants.PR),
      ...group('PR_CAP_AMBIENT_', constants.PR_CAP_AMBIENT),
      ...group('POLL', constants.POLL),
      ...group('SECCOMP_', constants.SECCOMP),
      ...group('SEEK_', constants.SEEK),
      { name: 'EM_X86_64', value: MACHINE.x64 },
      { name: 'EM_AARCH64', value: MACHINE.arm64 },
    ],
  },
  {
    headers: ['sys/socket.h', 'asm/ioctls.h', 'linux/sockios.h', 'linux/nsfs.h', 'sys/mount.h'],
    checks: [
      ...group('', constants.IOCTL),
      ...group('AF_', constants.AF),
      ...group('SOCK_', constants.SOCK),
      ...group('MNT_', constants.MNT),
    ],
  },
  {
    headers: ['linux/if.h', 'sys/resource.h', 'signal.h', 'sys/wait.h', 'linux/capability.h', 'asm/errno.h'],
    checks: [
      ...group('IFF_', constants.IFF),
      ...Object.entries(constants.RLIMIT).map(([name, value]) => ({
        name: `__RLIMIT_${name.toUpperCase()}`,
        value,
      })),
      ...group('PRIO_', constants.PRIO),
      ...group('', constants.SIGNALS),
      ...group('SIG_', constants.SIG_MASK),
      ...group('W', constants.W),
      { name: 'P_PID', value: constants.P_PID },
      { name: 'CLD_EXITED', value: constants.CLD_EXITED },
      { name: '__builtin_offsetof(siginfo_t, si_code)', value: constants.SIGINFO.CODE },
      { name: '__builtin_offsetof(siginfo_t, si_status)', value: constants.SIGINFO.STATUS },
      { name: 'sizeof(siginfo_t)', value: constants.SIGINFO.SIZE },
      ...constants.CAPABILITIES.map((name, value) => ({ name: `CAP_${name}`, value })),
      ...ERRNO_NAMES.filter((name) => name !== '').map((name) => ({ name, value: errnoNumber(name) })),
    ],
  },
];

/** glibc names some resource limits by macros of another kind, some not at all. */
const RLIMITS = ['AS', 'CORE', 'CPU', 'DATA', 'FSIZE', 'NOFILE', 'STACK'];
const cName = (name: string): string => {
  if (name === 'MNT_NOFOLLOW') return 'UMOUNT_NOFOLLOW';
  const limit = /^__RLIMIT_(.*)$/.exec(name)?.[1];
  return limit !== undefined && RLIMITS.includes(limit) ? `RLIMIT_${limit}` : name;
};

function assertion({ name, value }: Check): string {
  const c = cName(name);
  const text = `_Static_assert((unsigned)(${c}) == ${value >>> 0}u, "${name} is not ${value}");`;
  return NEW.includes(name) ? `#ifdef ${c}\n${text}\n#endif` : text;
}

/** Throws with the names that differ. */
function check(compiler: string, headers: readonly string[], lines: readonly string[]): void {
  withFolder((folder) => {
    const source = join(folder, 'numbers.c');
    const text = [
      '#define _GNU_SOURCE',
      ...headers.map((header) => `#include <${header}>`),
      ...lines,
      '',
    ].join('\n');
    writeFileSync(source, text);
    const { status, stderr } = spawnSync(compiler, ['-std=gnu11', '-fsyntax-only', source], {
      encoding: 'utf8',
    });
    assert.equal(
      status,
      0,
      stderr
        .split('\n')
        .filter((line) => line.includes('error'))
        .slice(0, 20)
        .join('\n'),
    );
  });
}

/** A compiler for the architecture that has the kernel's headers. */
function compilerFor(architecture: Architecture): string | undefined {
  return COMPILERS[architecture].find((compiler) => {
    try {
      check(compiler, ['asm/unistd.h', 'sys/socket.h'], []);
      return true;
    } catch {
      return false;
    }
  });
}

for (const architecture of ['x64', 'arm64'] as const) {
  const compiler = compilerFor(architecture);
  const skip =
    compiler === undefined &&
    `needs a compiler and kernel headers for ${architecture}: ${PACKAGES[architecture]}`;
  describe(`the tables for ${architecture}`, { skip }, () => {
    it('number every system call as asm/unistd.h does', () => {
      const lines = Object.entries(SYSCALLS).map(([name, row]) =>
        assertion({ name: `__NR_${name}`, value: row[architecture] }),
      );
      check(compiler as string, ['asm/unistd.h'], lines);
    });

    it('have no constant that differs from the kernel headers', () => {
      for (const { headers, checks } of UNITS) check(compiler as string, headers, checks.map(assertion));
      const own = group('O_', constants.OPEN_FLAGS[architecture]).map(assertion);
      check(compiler as string, ['asm/fcntl.h'], own);
    });

    it('know where struct stat has what src/syscalls/files.ts reads', () => {
      const mode = { x64: 24, arm64: 16 }[architecture];
      const offset = (field: string, at: number): string =>
        `_Static_assert(__builtin_offsetof(struct stat, ${field}) == ${at}, "${field}");`;
      const lines = [offset('st_dev', 0), offset('st_ino', 8), offset('st_mode', mode)];
      check(
        compiler as string,
        ['asm/stat.h'],
        [...lines, '_Static_assert(sizeof(struct stat) <= 144, "room");'],
      );
    });

    it('know the architecture of a seccomp filter, and how large struct clone_args is', () => {
      const audit = { x64: '0xc000003e == AUDIT_ARCH_X86_64', arm64: '0xc00000b7 == AUDIT_ARCH_AARCH64' }[
        architecture
      ];
      check(
        compiler as string,
        ['linux/audit.h', 'linux/types.h', 'linux/sched.h'],
        [
          `_Static_assert(${audit}, "audit");`,
          '_Static_assert(sizeof(struct clone_args) == 88, "clone_args");',
          '_Static_assert(__builtin_offsetof(struct clone_args, exit_signal) == 32, "exit_signal");',
        ],
      );
    });
  });
}

describe('the table of system calls', () => {
  it('names no number twice for one architecture', () => {
    for (const architecture of ['x64', 'arm64'] as const) {
      const numbers = Object.values(SYSCALLS).map((row) => row[architecture]);
      assert.equal(new Set(numbers).size, numbers.length, architecture);
    }
  });
});
