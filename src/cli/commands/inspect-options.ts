import type { CommandSpec } from '../options.js';

export const inspectCommand = {
  name: 'inspect',
  summary: 'Say what the kernel tells about processes',
  usage: ['[--json] PID...'],
  description:
    'Prints of each process: command, user and parent; its pid in every pid namespace it is in, from here inwards; its ' +
    'ten links of /proc/PID/ns, and whether isol8 itself is in the same namespace; user and group id maps; how far its ' +
    'clocks are from the initial ones; control groups; capabilities.\n\n' +
    "Without root some of it may not be seen of another user's process: that is said where it would stand, and in the " +
    'field "hidden" of JSON.\n\n' +
    'The exit status is 0, or 125 when one of the processes is not there; the others are printed all the same.',
  operands: 'any',
  operand: { complete: 'pid' },
  options: [
    {
      name: 'json',
      short: 'J',
      group: 'Options',
      help: 'Print a JSON array of what inspect() of the library returns.',
    },
    { name: 'help', short: 'h', group: 'Options', help: 'Show this help.' },
  ],
  examples: [
    { text: 'This shell', command: 'isol8 inspect $$' },
    {
      text: 'Which capabilities a server has in effect',
      command: "isol8 inspect --json 1234 | jq '.[].capabilities.effective'",
    },
    { text: 'What two processes differ in', command: 'diff <(isol8 inspect 1234) <(isol8 inspect 5678)' },
  ],
} as const satisfies CommandSpec;
