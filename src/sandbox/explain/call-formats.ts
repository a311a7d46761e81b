/** Which formats a call's arguments have, where one of them decides what the others are. */
import { FCNTL, IOCTL, O, PR, PR_CAP_AMBIENT } from '../../syscalls/constants.js';
import type { Argument, CallStep } from '../../syscalls/plan.js';
import { type ArgumentFormat, SYSCALLS, type SyscallName } from '../../syscalls/table.js';

type Formats = readonly ArgumentFormat[];

/** prctl(2): what stands for the arguments after the first. */
const PRCTL: Readonly<Record<number, Formats>> = {
  [PR.SET_PDEATHSIG]: ['flags:signal'],
  [PR.SET_DUMPABLE]: ['flags:dumpable'],
  [PR.SET_KEEPCAPS]: ['number'],
  [PR.SET_NAME]: ['text'],
  [PR.CAPBSET_READ]: ['flags:capability'],
  [PR.CAPBSET_DROP]: ['flags:capability'],
};

/** ioctl(2): what stands for the argument. */
const IOCTLS: Readonly<Record<number, Formats>> = {
  [IOCTL.TIOCSCTTY]: ['number'],
  [IOCTL.TIOCSPGRP]: ['struct:ids'],
  [IOCTL.TIOCSPTLCK]: ['struct:ids'],
  [IOCTL.TIOCGPTPEER]: ['flags:openonly'],
  [IOCTL.TIOCSWINSZ]: ['struct:winsize'],
  [IOCTL.SIOCSIFFLAGS]: ['struct:ifreq'],
  [IOCTL.NS_GET_USERNS]: [],
  [IOCTL.NS_GET_PARENT]: [],
  [IOCTL.NS_GET_NSTYPE]: [],
};

const FCNTLS: Readonly<Record<number, Formats>> = {
  [FCNTL.F_GETFD]: [],
  [FCNTL.F_GETFL]: [],
  [FCNTL.F_SETFD]: ['flags:fdflags'],
  [FCNTL.F_SETFL]: ['flags:open'],
};

type Choose = (args: readonly Argument[], usual: Formats) => Formats;

const VARIANTS: Partial<Record<SyscallName, Choose>> = {
  prctl: (args, usual) => {
    const ambient = args[0] === PR.CAP_AMBIENT;
    const ends = args[1] === PR_CAP_AMBIENT.CLEAR_ALL ? 'number' : 'flags:capability';
    if (ambient) return ['flags:prctl', 'flags:ambient', ends, 'number', 'number'];
    return chosen(PRCTL, args[0], ['flags:prctl']) ?? usual;
  },
  ioctl: (args, usual) => chosen(IOCTLS, args[1], usual.slice(0, 2)) ?? usual,
  fcntl: (args, usual) => chosen(FCNTLS, args[1], usual.slice(0, 2)) ?? usual,
  openat: (args, usual) => (Number(args[2]) & O.CREAT ? usual : usual.slice(0, 3)),
  socket: (_args, usual) => [...usual.slice(0, 2), 'flags:ipproto'],
  clone: () => ['address', 'flags:cloneold'],
};

function chosen(table: Readonly<Record<number, Formats>>, key: Argument | undefined, before: Formats) {
  const rest = typeof key === 'number' ? table[key] : undefined;
  return rest && [...before, ...rest];
}

/** One format for each argument that is shown. */
export function formatsOf(step: CallStep): Formats {
  const usual = SYSCALLS[step.call].args;
  return VARIANTS[step.call]?.(step.args, usual) ?? usual;
}
