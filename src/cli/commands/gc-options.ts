import type { CommandSpec } from '../options.js';

export const gcCommand = {
  name: 'gc',
  summary: 'Remove what crashed programs have left',
  usage: ['[--dry-run] [--json]'],
  description:
    'Removes, and prints: namespaces of an isol8 ns add that was killed half-way; files of kept namespaces, also those ' +
    'of ip-netns(8), on which none is mounted any more in any mnt namespace; networks and their members as isol8 net gc does; the names of an isol8 run --net bridge without root that was killed; empty folders and files of records in ' +
    '/run/isol8. Nothing else is touched, and nothing that is younger than ten seconds and may still be used.',
  operands: 'none',
  options: [
    { name: 'dry-run', short: 'n', group: 'Options', help: 'Only print what would be removed.' },
    { name: 'json', group: 'Options', help: 'Print as JSON.' },
    { name: 'help', short: 'h', group: 'Options', help: 'Show this help.' },
  ],
  examples: [{ text: 'See first', command: 'isol8 gc --dry-run' }],
} as const satisfies CommandSpec;
