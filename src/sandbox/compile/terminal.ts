import { IOCTL } from '../../syscalls/constants.js';
import type { Argument, Step } from '../../syscalls/plan.js';
import { call } from '../../syscalls/steps.js';
import type { Context } from './context.js';

const SETTINGS: Argument = { memory: 'terminal-settings', size: 64 };
const GROUP: Argument = { memory: 'terminal-group', size: 8 };

const usesCallersTerminal = ({ options }: Context): boolean =>
  options.mode === 'inPlace' && options.terminal === 'caller';

/** A shell inside moves the terminal to process groups that are gone after it; what to go back to is kept here. */
export function saveTerminal(context: Context): Step[] {
  if (!usesCallersTerminal(context)) return [];
  return [
    call('ioctl', [0, IOCTL.TIOCGPGRP, GROUP], 'remember who has the terminal', { tolerate: ['ENOTTY'] }),
    call('ioctl', [0, IOCTL.TCGETS, SETTINGS], 'remember its settings', { tolerate: ['ENOTTY'] }),
  ];
}

/** Signals are blocked, SIGTTOU too, so that this works from the background. */
export function returnTerminal(context: Context): Step[] {
  if (!usesCallersTerminal(context)) return [];
  return [
    {
      kind: 'call',
      call: 'ioctl',
      args: [0, IOCTL.TIOCSPGRP, GROUP],
      why: 'give the terminal back',
      tolerate: ['ENOTTY', 'EIO', 'ESRCH'],
    },
    call('ioctl', [0, IOCTL.TCSETS, SETTINGS], 'as it was', { tolerate: ['ENOTTY', 'EIO'] }),
  ];
}
