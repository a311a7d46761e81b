import { ALL_KINDS } from '../../namespaces/kinds.js';
import type { OptionSpec } from '../options.js';

/** Which namespaces are new, and what is in them. */
export const runNamespaceOptions = [
  {
    name: 'share',
    elsewhere: ['uts', 'ipc', 'pid', 'userns', 'cgroup', 'cgroupns', 'time'],
    argument: 'required',
    value: 'KIND,...',
    choices: ALL_KINDS,
    list: true,
    repeatable: true,
    group: 'Namespaces',
    help: "Kinds that stay the caller's.",
  },
  {
    name: 'join',
    argument: 'required',
    value: 'KIND=TARGET',
    choices: ALL_KINDS.map((kind) => `${kind}=`),
    repeatable: true,
    group: 'Namespaces',
    help: 'Join an existing namespace: a pid, a path, or a name of isol8 ns, for net also of ip-netns(8), with the files of /etc/netns/NAME. A member of a network brings its names.',
  },
  {
    name: 'hostname',
    short: 'h',
    argument: 'required',
    value: 'NAME',
    group: 'Namespaces',
    help: 'Host name inside.',
  },
  {
    name: 'domainname',
    argument: 'required',
    value: 'NAME',
    group: 'Namespaces',
    help: 'NIS domain name inside.',
  },
  {
    name: 'monotonic',
    argument: 'required',
    value: 'OFFSET',
    group: 'Namespaces',
    help: 'Add to the monotonic clock: seconds, or like -7d or 1h30m.',
  },
  {
    name: 'boottime',
    argument: 'required',
    value: 'OFFSET',
    group: 'Namespaces',
    help: 'Add to the boot-time clock, which uptime shows.',
  },
  { name: 'no-loopback', group: 'Namespaces', help: 'Leave lo down in a new net namespace.' },
] as const satisfies readonly OptionSpec[];
