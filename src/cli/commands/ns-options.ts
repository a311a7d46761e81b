import { ALL_KINDS } from '../../namespaces/kinds.js';
import type { CommandSpec, OptionSpec } from '../options.js';
import { runCommand } from './run-options.js';

/** What namespaces can have without a program, by isol8 run's own options. */
const FOR_ADD: readonly string[] = [
  ...['hostname', 'domainname', 'monotonic', 'boottime', 'no-loopback'],
  ...['map-root-user', 'map-current-user', 'map-auto', 'map-subids'],
  ...['map-users', 'map-groups', 'map-user', 'map-group', 'setgroups'],
  ...['root', 'read-only', 'volume', 'tmpfs', 'mount', 'propagation'],
];

const runOptions: readonly OptionSpec[] = runCommand.options;

export const nsCommand: CommandSpec = {
  name: 'ns',
  summary: 'Keep namespaces without a process, under a name',
  usage: ['add NAME --kind KIND,... [options]', 'rm NAME... [--kind KIND,...]', 'ls [--json]'],
  description:
    'add makes new namespaces and keeps them under NAME until rm, or until the machine is switched off. isol8 run ' +
    '--join KIND=NAME enters them. Those of kind net are the same that ip-netns(8) has, in /run/netns; the others are ' +
    'in /run/isol8/ns. This takes root.\n\n' +
    'A pid namespace lives as long as its first process, so it cannot be kept: start that with isol8 run, and join it ' +
    'by its pid.',
  operands: 'any',
  operand: { choices: ['add', 'rm', 'ls'] },
  options: [
    {
      name: 'kind',
      short: 'k',
      argument: 'required',
      value: 'KIND,...',
      choices: ALL_KINDS,
      list: true,
      repeatable: true,
      group: 'Options',
      help: 'The kinds to make; with rm, default all that have the name.',
    },
    { name: 'json', group: 'Options', help: 'Print as JSON: for ls, and what add has made or rm removed.' },
    { name: 'help', group: 'Options', help: 'Show this help.' },
    ...runOptions
      .filter(({ name }) => FOR_ADD.includes(name))
      .map((option): OptionSpec => ({ ...option, group: 'Options for add' })),
  ],
  examples: [
    { text: 'A network of its own, for whoever comes', command: 'isol8 ns add blue --kind net' },
    { text: 'The same as ip-netns(8) sees it', command: 'ip netns exec blue ip address' },
    { text: 'A host name, too', command: 'isol8 ns add box --kind net,uts --hostname box' },
    { text: 'Enter both', command: 'isol8 run --share user --join net=box --join uts=box' },
  ],
};

/** Options that only `add` has. */
export const isForAdd = (option: OptionSpec): boolean => FOR_ADD.includes(option.name);
