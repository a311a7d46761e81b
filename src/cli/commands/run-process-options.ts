import { RLIMIT } from '../../syscalls/constants.js';
import type { OptionSpec } from '../options.js';

/** What the command starts with, and how it ends. */
export const runProcessOptions = [
  {
    name: 'workdir',
    elsewhere: ['cwd', 'chdir'],
    short: 'w',
    aliases: ['wd'],
    argument: 'required',
    value: 'DIR',
    complete: 'directory',
    group: 'Process',
    help: 'Working directory inside.',
  },
  {
    name: 'env',
    short: 'e',
    argument: 'required',
    value: 'NAME[=VALUE]',
    repeatable: true,
    group: 'Process',
    help: "Set a variable; without a value, pass the caller's on.",
  },
  {
    name: 'clear-env',
    group: 'Process',
    help: 'Start from an environment with nothing but PATH and TERM.',
  },
  {
    name: 'umask',
    argument: 'required',
    value: 'MODE',
    group: 'Process',
    help: 'File mode mask, in octal.',
  },
  { name: 'nice', argument: 'required', value: 'N', group: 'Process', help: 'Nice value, -20 to 19.' },
  {
    name: 'ulimit',
    argument: 'required',
    value: 'NAME=SOFT[:HARD]',
    choices: Object.keys(RLIMIT).map((name) => `${name}=`),
    repeatable: true,
    group: 'Process',
    help: 'Resource limit; -1 or unlimited for none.',
  },
  {
    name: 'preserve-fds',
    argument: 'required',
    value: 'N',
    group: 'Process',
    help: 'Pass N descriptors more than standard input, output and error on.',
  },
  {
    name: 'no-kill-child',
    group: 'Process',
    help: 'Let the command go on when isol8 is killed.',
  },
  { name: 'no-init', group: 'Process', help: 'Make the command itself PID 1.' },
  {
    name: 'timeout',
    argument: 'required',
    value: 'DURATION',
    group: 'Process',
    help: 'Kill the command after this time, like 90s; the exit status is then 124.',
  },
] as const satisfies readonly OptionSpec[];
