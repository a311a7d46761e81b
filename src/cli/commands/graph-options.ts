import { GRAPH_FORMATS } from '../../web/graph-formats.js';
import type { CommandSpec } from '../options.js';

export const graphCommand = {
  name: 'graph',
  summary: 'Draw processes and their namespaces, or networks',
  usage: [
    '[options] [PID]...',
    '--net [options] [PID]...',
    '--net --watch [PID]...',
    '--serve [--port N] [PID]...',
  ],
  description:
    'Draws all processes, or those given: who is in the same namespaces, which are shared, which user namespace owns ' +
    "which others, and parents. What is the host's is only named.\n\n" +
    'With --net it draws networks as the kernel has them, whoever has made them: network namespaces with their names ' +
    'and processes, links and what connects them, addresses, routes, and what nf_tables translates. Addresses and ' +
    'routes that every link has are left out: those of loopback, fe80::, and what is directly behind a link.',
  operands: 'any',
  operand: { complete: 'pid' },
  options: [
    {
      name: 'format',
      argument: 'required',
      value: 'FORMAT',
      choices: GRAPH_FORMATS,
      group: 'Options',
      help:
        'What to print: svg, mermaid, dot for Graphviz, html, one page in light and dark, or text, for networks only. ' +
        'Default svg.',
    },
    { name: 'net', short: 'n', group: 'Options', help: 'Draw networks instead of processes.' },
    {
      name: 'watch',
      short: 'w',
      group: 'Options',
      help: 'With --net: draw as text, again whenever something changes, until Ctrl-C.',
    },
    {
      name: 'serve',
      group: 'Options',
      help:
        'Show networks on a page that follows what changes, for a browser on this machine, until Ctrl-C. ' +
        'Prints its address, which is a secret of yours.',
    },
    {
      name: 'port',
      argument: 'required',
      value: 'N',
      group: 'Options',
      help: 'The port of --serve. Default one that is free.',
    },
    { name: 'help', short: 'h', group: 'Options', help: 'Show this help.' },
  ],
  examples: [
    { text: 'A picture of this machine', command: 'isol8 graph > namespaces.svg' },
    { text: 'All networks of this machine', command: 'sudo isol8 graph --net > networks.svg' },
    { text: 'Watch a network grow in a terminal', command: 'sudo isol8 graph --net --watch' },
    { text: 'The same in a browser', command: 'sudo isol8 graph --serve' },
    { text: 'How two processes are separated', command: 'isol8 graph 1234 5678 --format html > two.html' },
  ],
} as const satisfies CommandSpec;
