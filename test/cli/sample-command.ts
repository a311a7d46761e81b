import type { CommandSpec } from '../../src/cli/options.js';

const KINDS = ['cgroup', 'ipc', 'mount', 'net', 'pid', 'time', 'user', 'uts'] as const;

/** A table with every kind of option: what the parser, the help and the completions are tested with. */
export const run = {
  name: 'run',
  summary: 'Run a command in new namespaces',
  usage: ['[options] [--] COMMAND [ARG]...', '[options] --explain[=FORMAT] [--] COMMAND [ARG]...'],
  description:
    'Starts COMMAND in new namespaces of all eight kinds, unless --share or --join say otherwise. Without a ' +
    "COMMAND it is the user's shell.\n\nThe exit status is the command's own, 128+N when signal N ended it.",
  operands: 'command',
  options: [
    {
      name: 'share',
      argument: 'required',
      value: 'KIND,...',
      choices: KINDS,
      list: true,
      group: 'Namespaces',
      help: "Kinds that stay the host's.",
    },
    {
      name: 'join',
      argument: 'required',
      value: 'KIND=TARGET',
      choices: KINDS.map((kind) => `${kind}=`),
      repeatable: true,
      group: 'Namespaces',
      help: 'Join an existing namespace: a pid, a path or a kept name.',
    },
    {
      name: 'mount',
      short: 'm',
      aliases: ['mount-ns'],
      argument: 'optional',
      value: 'FILE',
      complete: 'file',
      group: 'Namespaces',
      help: 'New mount namespace, kept at FILE when given. Kept means bind-mounted.',
    },
    {
      name: 'pid',
      short: 'p',
      group: 'Namespaces',
      help: 'New PID namespace: the first process is PID 1 [sic].',
    },
    { name: 'fork', short: 'f', group: 'Process', help: "Start the command as a child; don't become it." },
    {
      name: 'mount-proc',
      argument: 'optional',
      value: 'DIR',
      complete: 'directory',
      group: 'Files',
      help: 'Mount a new /proc.',
    },
    {
      name: 'propagation',
      aliases: ['mount-propagation'],
      argument: 'required',
      choices: ['private', 'shared', 'slave', 'unchanged'],
      value: 'MODE',
      group: 'Files',
      help: 'How mounts travel between the namespaces.',
    },
    {
      name: 'hostname',
      short: 'h',
      argument: 'required',
      value: 'NAME',
      group: 'Identity',
      help: 'Host name inside.',
    },
    {
      name: 'domainname',
      argument: 'required',
      value: 'NAME',
      group: 'Identity',
      help: 'NIS domain name inside.',
    },
    {
      name: 'user',
      short: 'u',
      argument: 'required',
      value: 'USER[:GROUP]',
      complete: 'user',
      group: 'Identity',
      help: 'User the command runs as.',
    },
    {
      name: 'map-user',
      argument: 'required',
      value: 'UID',
      choices: ['auto', 'subids'],
      open: true,
      group: 'Identity',
      help: 'Map the caller to UID.',
    },
    {
      name: 'map-users',
      argument: 'required',
      value: 'INNER:OUTER:COUNT',
      repeatable: true,
      group: 'Identity',
      help: 'Map a range of user ids; COUNT of them from OUTER on outside are those from INNER on inside.',
    },
    {
      name: 'setgroups',
      argument: 'required',
      choices: ['allow', 'deny'],
      group: 'Identity',
      help: 'The setgroups call.',
    },
    {
      name: 'workdir',
      short: 'w',
      aliases: ['wd'],
      argument: 'required',
      value: 'DIR',
      complete: 'directory',
      group: 'Process',
      help: 'Working directory.',
    },
    {
      name: 'env',
      short: 'e',
      argument: 'required',
      value: 'NAME=VALUE',
      repeatable: true,
      group: 'Process',
      help: 'Set an environment variable.',
    },
    {
      name: 'like',
      argument: 'required',
      value: 'PID',
      complete: 'pid',
      group: 'Process',
      help: 'Take limits from PID.',
    },
    {
      name: 'shell',
      argument: 'required',
      value: 'PROGRAM',
      complete: 'command',
      group: 'Process',
      help: 'The shell.',
    },
    { name: 'zz-secret', hidden: true, group: 'Process', help: 'Not shown.' },
    {
      name: 'explain',
      argument: 'optional',
      choices: ['sh', 'c'],
      group: 'General',
      help: 'Print what would be done.',
    },
    { name: 'help', group: 'General', help: 'Show this help.' },
  ],
  examples: [
    { text: 'A shell in eight new namespaces', command: 'isol8 run' },
    {
      text: 'Root inside, an ordinary user outside, with a host name',
      command: 'isol8 run --hostname box -- bash',
    },
  ],
} as const satisfies CommandSpec;

export const list = {
  name: 'ls',
  summary: 'List the namespaces of the machine',
  usage: ['[options] [PID]'],
  operands: 'any',
  operand: { complete: 'pid' },
  options: [
    { name: 'json', short: 'J', group: 'Output', help: 'Print JSON.' },
    {
      name: 'output',
      short: 'o',
      argument: 'required',
      value: 'COLUMN,...',
      choices: ['ns', 'type', 'nprocs'],
      list: true,
      group: 'Output',
      help: 'Columns to print.',
    },
  ],
  examples: [],
} as const satisfies CommandSpec;

export const doctor = {
  name: 'doctor',
  summary: "Say what this machine's kernel may do",
  usage: ['[--json]'],
  operands: 'none',
  options: [{ name: 'json', group: 'Output', help: 'Print JSON.' }],
  examples: [],
} as const satisfies CommandSpec;

export const completion = {
  name: 'completion',
  summary: 'Print a completion script',
  usage: ['bash|zsh|fish'],
  operands: 'any',
  operand: { choices: ['bash', 'zsh', 'fish'] },
  options: [],
  examples: [],
} as const satisfies CommandSpec;

export const program = {
  name: 'isol8',
  summary: 'Linux namespaces from the command line',
  usage: ['COMMAND [options]'],
  operands: 'command',
  options: [
    { name: 'help', group: 'Options', help: 'Show this help.' },
    { name: 'version', short: 'V', group: 'Options', help: 'Show the version.' },
  ],
  examples: [{ text: 'A shell in eight new namespaces', command: 'isol8 run' }],
} as const satisfies CommandSpec;

export const commands: readonly CommandSpec[] = [run, list, doctor, completion];
