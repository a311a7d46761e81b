import type { CommandSpec } from '../options.js';
import { runFileOptions } from './run-file-options.js';
import { runNamespaceOptions } from './run-namespace-options.js';
import { runNetworkOptions } from './run-network-options.js';
import { runProcessOptions } from './run-process-options.js';
import { runUserOptions } from './run-user-options.js';

/** isol8 run: names are unshare(1)'s where it has the thing, docker-run(1)'s otherwise. */
export const runCommand = {
  name: 'run',
  summary: 'Run a program in new namespaces',
  usage: ['[options] [--] [COMMAND [ARG]...]'],
  description:
    'Runs COMMAND, by default the shell, in new namespaces of all eight kinds. It is separated, not yet confined: ' +
    "the host's files stay visible and writable unless --root, --read-only and mounts say otherwise.\n\n" +
    "The exit status is the command's own, 128+N when signal N ended it, 125 for a failure of isol8 itself, 126 " +
    'when the command cannot be executed, 127 when it is not found.\n\n' +
    'Signals that isol8 gets are passed on to the command. With --tty, --timeout or --net NETWORK those are not that a ' +
    'runtime cannot catch: SIGKILL, SIGSTOP, SIGPROF, SIGSEGV, SIGBUS, SIGFPE, SIGILL and real-time ones. After such an ' +
    'end with -it the terminal is left raw, which `stty sane` mends.',
  operands: 'command',
  options: [
    ...runNamespaceOptions,
    ...runNetworkOptions,
    ...runUserOptions,
    ...runFileOptions,
    ...runProcessOptions,
    {
      name: 'interactive',
      short: 'i',
      group: 'Terminal',
      help: 'Pass standard input on; with -t that is not done otherwise.',
    },
    {
      name: 'tty',
      short: 't',
      group: 'Terminal',
      help: "Give the command a pseudo terminal of its own. Without it, it has the caller's.",
    },
    {
      name: 'explain',
      argument: 'optional',
      value: 'FORMAT',
      choices: ['strace', 'c', 'sh', 'json'],
      group: 'Other',
      help: 'Print the system calls instead of making them, as strace shows them or as C, a shell script, or JSON. With --net only sh has what makes and connects the network.',
    },
    {
      name: 'show-env',
      group: 'Other',
      help: 'Have --explain print the values of environment variables too, which may be secrets.',
    },
    { name: 'help', group: 'Other', help: 'Show this help.' },
    { name: 'version', group: 'Other', help: 'Show the version.' },
  ],
  examples: [
    { text: 'A shell in eight new namespaces', command: 'isol8 run' },
    {
      text: 'With a host name and a week on the clock',
      command: 'isol8 run -h children --boottime 7d -- uptime',
    },
    {
      text: "Share the host's network, see a directory read-only",
      command: 'isol8 run --share net -v /srv:/srv:ro -- ls /srv',
    },
    {
      text: 'Another root file system, with a terminal of its own',
      command: 'isol8 run -it -R ./rootfs --tmpfs /tmp -- sh',
    },
    { text: 'Join the network of a running process', command: 'isol8 run --join net=1234 -- ip address' },
    { text: 'What would be done', command: 'isol8 run --explain -- true' },
  ],
} as const satisfies CommandSpec;
