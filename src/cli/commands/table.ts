import type { CommandSpec } from '../options.js';
import { PROGRAM } from '../usage-error.js';
import { completionCommand } from './completion.js';
import { doctorCommand } from './doctor-options.js';
import { enterCommand } from './enter-options.js';
import { gcCommand } from './gc-options.js';
import { graphCommand } from './graph-options.js';
import { inspectCommand } from './inspect-options.js';
import { lsCommand } from './ls-options.js';
import { netCommand } from './net-options.js';
import { nsCommand } from './ns-options.js';
import { runCommand } from './run-options.js';
import { unshareCommand } from './unshare-options.js';

/** The program itself, whose options stand before the command. */
export const program = {
  name: PROGRAM,
  summary: 'Linux namespaces: create, join, and run programs in them',
  usage: ['COMMAND [options] [ARG]...'],
  operands: 'command',
  options: [
    { name: 'help', short: 'h', group: 'Options', help: 'Show this help.' },
    { name: 'version', short: 'V', group: 'Options', help: 'Show the version.' },
  ],
  examples: [
    { text: 'A shell in eight new namespaces', command: 'isol8 run' },
    { text: 'All options of a command', command: 'isol8 run --help' },
  ],
} as const satisfies CommandSpec;

export const COMMANDS: readonly CommandSpec[] = [
  runCommand,
  unshareCommand,
  enterCommand,
  lsCommand,
  inspectCommand,
  graphCommand,
  netCommand,
  nsCommand,
  gcCommand,
  doctorCommand,
  completionCommand,
];
