import { GRAPH_FORMATS } from '../../web/graph-formats.js';
import type { CommandSpec } from '../options.js';

export const graphCommand = {
  name: 'graph',
  summary: 'Draw processes and their namespaces',
  usage: ['[options] [PID]...'],
  description:
    'Draws all processes, or those given: who is in the same namespaces, which are shared, which user namespace owns ' +
    "which others, and parents. What is the host's is only named.",
  operands: 'any',
  operand: { complete: 'pid' },
  options: [
    {
      name: 'format',
      argument: 'required',
      value: 'FORMAT',
      choices: GRAPH_FORMATS,
      group: 'Options',
      help: 'What to print: svg, mermaid, dot for Graphviz, or html, one page in light and dark. Default svg.',
    },
    { name: 'help', short: 'h', group: 'Options', help: 'Show this help.' },
  ],
  examples: [
    { text: 'A picture of this machine', command: 'isol8 graph > namespaces.svg' },
    { text: 'How two processes are separated', command: 'isol8 graph 1234 5678 --format html > two.html' },
  ],
} as const satisfies CommandSpec;
