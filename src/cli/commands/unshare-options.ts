import { ALL_KINDS, KINDS, type NamespaceKind } from '../../namespaces/kinds.js';
import type { CommandSpec, OptionSpec } from '../options.js';

const SHORT: Readonly<Record<NamespaceKind, string>> = {
  mnt: 'm',
  uts: 'u',
  ipc: 'i',
  net: 'n',
  pid: 'p',
  user: 'U',
  cgroup: 'C',
  time: 'T',
};

/** -m, --mount[=FILE] and so on, which unshare(1) and nsenter(1) have in common. */
export const kindOptions = (letterTakesFile: boolean, help: (kind: NamespaceKind) => string): OptionSpec[] =>
  ALL_KINDS.map((kind) => ({
    ...(letterTakesFile ? {} : { shortArgument: 'none' as const }),
    name: KINDS[kind].option,
    short: SHORT[kind],
    argument: 'optional',
    value: 'FILE',
    complete: 'file',
    group: 'Namespaces',
    help: help(kind),
  }));

const MAP_WORDS = ['auto', 'subids', 'all'];
const given = (name: string, value: string, group: string, help: string) =>
  ({ name, argument: 'required', value, group, help }) as const;

/** What both have besides. */
export const generalOptions: readonly OptionSpec[] = [
  {
    name: 'explain',
    argument: 'optional',
    value: 'FORMAT',
    group: 'General',
    help: 'Print the system calls, as strace, c, sh or json, and do nothing.',
    choices: ['strace', 'c', 'sh', 'json'],
  },
  { name: 'help', short: 'h', group: 'General', help: 'Show this help.' },
  { name: 'version', short: 'V', group: 'General', help: 'Show the version.' },
];

/** isol8 unshare: the options of unshare(1) of util-linux. */
export const unshareCommand: CommandSpec = {
  name: 'unshare',
  summary: 'Leave namespaces and run a program, as unshare(1) does',
  usage: ['[options] [--] [COMMAND [ARG]...]'],
  description:
    'Takes the options of unshare(1) of util-linux, with their meanings, and becomes COMMAND, by default the shell: only ' +
    'the namespaces that are named are new.\n\nThe exit status is 1 when something fails, 126 when the command cannot be ' +
    "executed, 127 when it is not found; with --fork the command's own, and its signal too.",
  operands: 'command',
  options: [
    ...kindOptions(
      false,
      (kind) => `A new ${kind} namespace; FILE, which must be there, keeps it by a bind mount.`,
    ),
    { name: 'fork', short: 'f', group: 'Process', help: 'Run the command in a child, and wait for it.' },
    {
      name: 'forward-signals',
      group: 'Process',
      help: 'Pass SIGINT and SIGTERM on to the child. Implies --fork.',
    },
    {
      name: 'kill-child',
      argument: 'optional',
      value: 'SIGNAL',
      group: 'Process',
      help: 'Have the child get SIGNAL when this process ends. Default SIGKILL. Implies --fork.',
    },
    { ...given('root', 'DIR', 'Process', 'Change the root directory.'), short: 'R', complete: 'directory' },
    { ...given('wd', 'DIR', 'Process', 'Change the working directory.'), short: 'w', complete: 'directory' },
    { ...given('setuid', 'UID', 'Process', 'Be this user in the end.'), short: 'S' },
    { ...given('setgid', 'GID', 'Process', 'Be in this group alone.'), short: 'G' },
    {
      name: 'keep-caps',
      group: 'Process',
      help: 'Keep the capabilities of a new user namespace across execve.',
    },
    { name: 'clear-env', group: 'Process', help: 'Do not pass the environment on.' },
    given('whitelist-env', 'NAME,...', 'Process', 'Pass no other variables of the environment on.'),
    given('map-user', 'UID|NAME', 'Users', 'Map the present user to UID. Implies --user.'),
    given(
      'map-group',
      'GID|NAME',
      'Users',
      'Map the present group to GID. Implies --user and --setgroups=deny.',
    ),
    { name: 'map-root-user', short: 'r', group: 'Users', help: 'The same as --map-user=0 --map-group=0.' },
    {
      name: 'map-current-user',
      short: 'c',
      group: 'Users',
      help: 'Map the present user and group to themselves.',
    },
    {
      ...given('map-users', 'INNER:OUTER:COUNT', 'Users', 'Map a block of users. Implies --user.'),
      choices: MAP_WORDS,
      open: true,
      repeatable: true,
    },
    {
      ...given('map-groups', 'INNER:OUTER:COUNT', 'Users', 'Map a block of groups. Implies --user.'),
      choices: MAP_WORDS,
      open: true,
      repeatable: true,
    },
    { name: 'map-auto', group: 'Users', help: 'The same as --map-users=auto --map-groups=auto.' },
    { name: 'map-subids', group: 'Users', help: 'The same as --map-users=subids --map-groups=subids.' },
    given('owner', 'UID:GID', 'Users', 'Who owns the new user namespace. Implies --user.'),
    {
      ...given('setgroups', 'allow|deny', 'Users', 'Whether setgroups(2) works in the user namespace.'),
      choices: ['allow', 'deny'],
    },
    {
      ...given('propagation', 'MODE', 'Mounts', 'Of every mount in a new mount namespace. Default private.'),
      choices: ['private', 'shared', 'slave', 'unchanged'],
    },
    {
      name: 'mount-proc',
      argument: 'optional',
      value: 'DIR',
      complete: 'directory',
      group: 'Mounts',
      help: 'Mount proc anew, by default on /proc. Implies --mount.',
    },
    {
      name: 'mount-binfmt',
      argument: 'optional',
      value: 'DIR',
      complete: 'directory',
      group: 'Mounts',
      help: 'Mount binfmt_misc, by default on /proc/sys/fs/binfmt_misc in a new /proc. Implies --mount and --user.',
    },
    {
      ...given(
        'load-interp',
        'STRING',
        'Mounts',
        'Register an interpreter there: :name:type:offset:magic:mask:file:flags.',
      ),
      short: 'l',
    },
    given('monotonic', 'SECONDS', 'Clocks', 'Move the monotonic clock of a new time namespace.'),
    given('boottime', 'SECONDS', 'Clocks', 'Move the boot-time clock of a new time namespace.'),
    ...generalOptions,
  ],
  examples: [
    { text: 'A shell that is PID 1 and sees its own processes', command: 'isol8 unshare -pf --mount-proc' },
    { text: 'Root inside, nobody special outside', command: 'isol8 unshare -r id' },
    { text: 'Another host name that stays', command: 'isol8 unshare --uts=/root/uts hostname box' },
  ],
};
