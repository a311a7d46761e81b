import { ALL_KINDS } from '../../namespaces/kinds.js';
import type { CommandSpec } from '../options.js';
import { LS_COLUMNS } from './ls-columns.js';

const columnList = LS_COLUMNS.map(({ name, help }) => `  ${name.padEnd(8)} ${help}`).join('\n');

/** isol8 ls: options and columns are lsns(8)'s, and a few more. */
export const lsCommand = {
  name: 'ls',
  summary: 'List the namespaces of this machine',
  usage: ['[options] [NAMESPACE]'],
  description:
    'Lists the namespaces that processes and threads are in, and those that only a mount, an open descriptor, a ' +
    'socket, a child or something owned keeps alive. With NAMESPACE, an inode, its processes.\n\n' +
    'Without root it lists what may be seen, and says for how many processes nothing may.\n\n' +
    `  Columns:\n${columnList}`,
  operands: 'any',
  options: [
    {
      name: 'type',
      short: 't',
      argument: 'required',
      value: 'KIND',
      choices: ALL_KINDS,
      list: true,
      repeatable: true,
      group: 'What',
      help: 'Namespaces of this kind only.',
    },
    {
      name: 'task',
      short: 'p',
      argument: 'required',
      value: 'PID',
      complete: 'pid',
      group: 'What',
      help: 'Namespaces of this process only.',
    },
    { name: 'persistent', short: 'P', group: 'What', help: 'Namespaces that no process is in only.' },
    {
      name: 'filter',
      short: 'Q',
      argument: 'required',
      value: 'EXPR',
      group: 'What',
      help: 'Rows for which an expression of scols-filter(5) is true: NPROCS > 1 && USER != "root".',
    },
    { name: 'json', short: 'J', group: 'How', help: 'Print JSON.' },
    { name: 'list', short: 'l', group: 'How', help: 'Print a flat list, unless --tree is given.' },
    {
      name: 'tree',
      short: 'T',
      argument: 'optional',
      value: 'RELATION',
      choices: ['owner', 'parent', 'process'],
      open: true,
      group: 'How',
      help: 'Print a tree by owner, parent or process. Default owner; without the option process.',
    },
    { name: 'raw', short: 'r', group: 'How', help: 'Print words with single spaces between them.' },
    { name: 'noheadings', short: 'n', group: 'How', help: 'Leave the headings out.' },
    {
      name: 'output',
      short: 'o',
      argument: 'required',
      value: '[+]COLUMN,...',
      choices: LS_COLUMNS.map(({ name }) => name),
      list: true,
      open: true,
      group: 'How',
      help: 'Columns to print; with + beside the usual ones.',
    },
    { name: 'output-all', group: 'How', help: 'Print all columns.' },
    { name: 'nowrap', short: 'W', group: 'How', help: 'Give every row one line.' },
    { name: 'notruncate', short: 'u', group: 'How', help: 'Cut nothing off at the edge of the terminal.' },
    { name: 'watch', group: 'How', help: 'Stay, and print again when something has changed.' },
    { name: 'help', short: 'h', group: 'Other', help: 'Show this help.' },
    { name: 'version', short: 'V', group: 'Other', help: 'Show the version.' },
  ],
  examples: [
    { text: 'Who keeps namespaces without a process', command: 'isol8 ls -P -o NS,TYPE,KEPT-BY' },
    { text: 'User namespaces and what they own', command: 'isol8 ls --tree=owner' },
    { text: 'As a program reads it', command: 'isol8 ls -J -t net -o NS,PATH,NPROCS' },
  ],
} as const satisfies CommandSpec;
