import type { CommandSpec } from '../options.js';
import { generalOptions, kindOptions } from './unshare-options.js';

const path = (name: string, short: string, help: string) =>
  ({
    name,
    short,
    argument: 'optional',
    value: 'DIR',
    complete: 'directory',
    group: 'Process',
    help,
  }) as const;

/** isol8 enter: the options of nsenter(1) of util-linux. */
export const enterCommand: CommandSpec = {
  name: 'enter',
  summary: 'Run a program in existing namespaces, as nsenter(1) does',
  usage: ['PID|NAME [COMMAND [ARG]...]', '[options] [--] [COMMAND [ARG]...]'],
  description:
    'The short way enters all that PID is in, or all that is kept as NAME. A FILE without a slash may be such a NAME too. A ' +
    'network namespace by its name comes with the files of /etc/netns/NAME and its own /sys, as ip-netns(8) exec has it, ' +
    'and with the names of the network that isol8 net connect has made it a member of, unless mounts are entered as well.' +
    '\n\nWith options it is nsenter(1) of util-linux, ' +
    'with their meanings, and becomes COMMAND, by default the shell.\n\nThe exit status is 1 when something fails, 126 ' +
    "when the command cannot be executed, 127 when it is not found, otherwise the command's own, and its signal too.",
  operands: 'command',
  options: [
    { name: 'all', short: 'a', group: 'Namespaces', help: 'All namespaces of the target.' },
    {
      name: 'target',
      short: 't',
      argument: 'required',
      value: 'PID[:INODE]',
      complete: 'pid',
      group: 'Namespaces',
      help: 'The process to take namespaces from. INODE, of its pidfd, tells it from one that got its number later.',
    },
    ...kindOptions(
      true,
      (kind) => `The ${kind} namespace of the target, behind FILE, or with the kernel's id NSID.`,
    ).map((option) => ({ ...option, value: 'FILE|:NSID' })),
    {
      name: 'user-parent',
      group: 'Namespaces',
      help: 'The user namespace that owns the one that is entered; with --user, or alone, the parent.',
    },
    {
      name: 'net-socket',
      short: 'N',
      argument: 'required',
      value: 'FD',
      group: 'Namespaces',
      help: "The net namespace of the target's socket FD.",
    },
    {
      name: 'setuid',
      short: 'S',
      argument: 'required',
      value: 'UID|follow',
      group: 'Process',
      help: "Be this user. Default 0 in a user namespace; follow takes the target's.",
    },
    {
      name: 'setgid',
      short: 'G',
      argument: 'required',
      value: 'GID|follow',
      group: 'Process',
      help: 'Be in this group alone. Default as for users.',
    },
    { name: 'preserve-credentials', group: 'Process', help: 'Leave users and groups as they are.' },
    {
      name: 'keep-caps',
      group: 'Process',
      help: 'Keep the capabilities of the user namespace across execve.',
    },
    path('root', 'r', "Set the root directory: the target's, or DIR as seen from here."),
    path('wd', 'w', "Set the working directory: the target's, or DIR as seen from here."),
    {
      ...path(
        'wdns',
        'W',
        'Set the working directory: DIR as seen from inside, behind -W or after an equals sign.',
      ),
      shortArgument: 'required',
    },
    { name: 'env', short: 'e', group: 'Process', help: "Take the target's environment." },
    { name: 'no-fork', short: 'F', group: 'Process', help: 'Do not fork when a pid namespace is entered.' },
    { name: 'join-cgroup', short: 'c', group: 'Process', help: "Join the target's cgroup (v2)." },
    {
      name: 'follow-context',
      short: 'Z',
      group: 'Process',
      help: "Execute in the target's SELinux context, where there is SELinux.",
    },
    ...generalOptions,
  ],
  examples: [
    { text: 'A shell where a process is', command: 'isol8 enter 1234' },
    { text: 'Its network alone', command: 'isol8 enter -t 1234 -n ip addr' },
    { text: 'A net namespace of ip-netns(8)', command: 'isol8 enter blue ip addr' },
  ],
};
