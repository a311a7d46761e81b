import type { OptionSpec } from '../options.js';

/** What is mounted where. */
export const runFileOptions = [
  {
    name: 'root',
    short: 'R',
    argument: 'required',
    value: 'DIR',
    complete: 'directory',
    group: 'Files',
    help: 'Make DIR the root directory, by pivot_root(2). Missing mount points, /proc too, are made in DIR and stay there.',
  },
  {
    name: 'read-only',
    group: 'Files',
    help: 'Make / read-only, with everything below it. A program that is root inside can undo that; one with -u and --no-new-privs cannot.',
  },
  {
    name: 'volume',
    short: 'v',
    argument: 'required',
    value: 'SOURCE:DIR[:ro]',
    complete: 'file',
    repeatable: true,
    group: 'Files',
    help: 'Bind a file or directory, recursively.',
  },
  {
    name: 'tmpfs',
    argument: 'required',
    value: 'DIR[:OPTIONS]',
    complete: 'directory',
    repeatable: true,
    group: 'Files',
    help: 'Mount an empty tmpfs; options are size=, mode=, ro, noexec, suid and dev. Default nosuid and nodev.',
  },
  {
    name: 'mount',
    argument: 'required',
    value: 'type=TYPE,target=DIR,...',
    repeatable: true,
    group: 'Files',
    help: 'Mount bind, tmpfs, proc, devpts, mqueue or sysfs; also source=, readonly, tmpfs-size= and tmpfs-mode=. CSV, as for docker: quotes around a member keep its commas.',
  },
  { name: 'no-proc', group: 'Files', help: 'Do not mount a new /proc.' },
  {
    name: 'propagation',
    argument: 'required',
    value: 'MODE',
    choices: ['private', 'slave', 'shared', 'unchanged'],
    group: 'Files',
    help: 'How mounts travel between inside and outside. Default private.',
  },
] as const satisfies readonly OptionSpec[];
