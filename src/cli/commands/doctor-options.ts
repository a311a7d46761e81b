import type { CommandSpec } from '../options.js';

export const doctorCommand = {
  name: 'doctor',
  summary: 'Say what this kernel and this user can do',
  usage: ['[--json]'],
  description:
    'Tries each kind of namespace: made directly, made in a user namespace, joined. Looks at limits, at what ' +
    'distributions and container engines forbid, at subordinate ids, control groups, the terminal and optional ' +
    'programs, and names for each lack the command that mends it. Changes nothing.\n\n' +
    'The exit status is 0 when all that isol8 run needs works, and 1 otherwise.',
  operands: 'none',
  options: [
    { name: 'json', group: 'Options', help: 'Print as JSON.' },
    { name: 'help', short: 'h', group: 'Options', help: 'Show this help.' },
  ],
  examples: [{ text: 'As another user', command: 'sudo -u somebody isol8 doctor' }],
} as const satisfies CommandSpec;
