import { IOCTL } from '../../syscalls/constants.js';
import type { MemoryArgument, Step, SuperviseStep } from '../../syscalls/plan.js';
import { call } from '../../syscalls/steps.js';
import type { Context } from './context.js';

const SETTINGS: MemoryArgument = { memory: 'terminal-settings', size: 64 };
const GROUP: MemoryArgument = { memory: 'terminal-group', size: 8 };

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

/** For the waiter, to go back to it. */
export function terminalToReturn(context: Context): Pick<SuperviseStep, 'terminal'> {
  return usesCallersTerminal(context) ? { terminal: { fd: 0, group: GROUP, settings: SETTINGS } } : {};
}
