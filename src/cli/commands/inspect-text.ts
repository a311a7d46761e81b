import { escapeControls } from '../../foundation/control-characters.js';
import { formatDuration } from '../../foundation/duration.js';
import { paint } from '../../foundation/paint.js';
import type { IdRange } from '../../ids/ranges.js';
import type {
  CapabilitySets,
  NamespaceLinkName,
  ProcessInspection,
} from '../../namespaces/inspect/inspection.js';
import { capabilityNames } from '../../namespaces/inspect/parse-proc.js';
import { quoteCommand } from '../../sandbox/explain/quote.js';
import { readTextFileIfAny } from '../../syscalls/files.js';
import { inColumns } from '../aligned.js';
import { wrap } from '../help.js';
import type { helpStyle } from '../output.js';

type Style = ReturnType<typeof helpStyle>;

const LABEL = 18;
const HIDDEN =
  "may not be seen by this user: it takes the process's own user with no fewer capabilities than it has, or " +
  'CAP_SYS_PTRACE in its user namespace';
/** A set that lacks no more than these is said by what it lacks. */
const FEW = 8;

/** What `isol8 inspect` prints of a process; `here` are the namespaces to compare with. */
export function renderInspection(
  found: ProcessInspection,
  here: ProcessInspection['namespaces'],
  style: Style,
): string {
  const sections: readonly (readonly [title: string, body: string])[] = [
    ['Process', renderProcess(found, style)],
    ['Namespaces', renderNamespaces(found, here, style)],
    ['Ids', renderIds(found, style)],
    ['Clocks, from the initial ones', renderClocks(found, style)],
    ['Control groups', renderCgroups(found, style)],
    ['Capabilities', renderCapabilities(found.capabilities, style)],
  ];
  const head = bold(`${escapeControls(found.name)}, process ${found.pid}`, style);
  return `${head}\n${sections.map(([title, body]) => `\n${bold(title, style)}\n${body}`).join('')}`;
}

function renderProcess(found: ProcessInspection, style: Style): string {
  const { command, user, ppid, started, pids } = found;
  const acting = user.effectiveUid === user.uid ? '' : `, acts as uid ${user.effectiveUid}`;
  const lines: readonly (readonly [string, string])[] = [
    ['command', command === undefined ? absent(found, 'command') : commandText(command)],
    ['user', `${user.name === undefined ? '' : `${escapeControls(user.name)}, `}uid ${user.uid}${acting}`],
    ['parent', ppid === 0 ? 'none here' : String(ppid)],
    ['started', `${started.toISOString().slice(0, 19).replace('T', ' ')} UTC`],
    ['pids', pids.join(', inside ')],
  ];
  return lines.map(([label, text]) => labelled(label, text, style)).join('');
}

const commandText = (words: readonly string[]): string =>
  words.length === 0 ? 'none: a kernel thread, or it has ended' : escapeControls(quoteCommand(words));

function renderNamespaces(
  found: ProcessInspection,
  here: ProcessInspection['namespaces'],
  style: Style,
): string {
  const { namespaces } = found;
  if (namespaces === undefined) return labelled('', absent(found, 'namespaces'), style);
  const rows = Object.entries(namespaces).map(([name, { inode }]) => {
    const own = here?.[name as NamespaceLinkName]?.inode;
    const beside = own === undefined ? '' : own === inode ? 'as here' : bold('another', style);
    return [name.padEnd(LABEL - 2), String(inode).padStart(10), beside];
  });
  return indented(inColumns(rows));
}

function renderIds(found: ProcessInspection, style: Style): string {
  const { uidMap, gidMap, setgroups } = found;
  const rows = [...mapRows('uid', uidMap), ...mapRows('gid', gidMap)];
  const numbers = [['', 'inside', 'outside', 'count'], ...rows];
  const widths = [LABEL - 2, ...[1, 2, 3].map((i) => Math.max(...numbers.map((row) => row[i]?.length ?? 0)))];
  const table = numbers.map((row) => row.map((cell, i) => pad(cell, widths[i] ?? 0, i === 0)));
  return [
    rows.length > 0 ? indented(inColumns(table)) : '',
    ...(
      [
        ['uid', 'uidMap'],
        ['gid', 'gidMap'],
      ] as const
    ).flatMap(([label, field]) => {
      const map = found[field];
      if (map === undefined) return [labelled(label, absent(found, field), style)];
      return map.length === 0 ? [labelled(label, 'no id is mapped yet', style)] : [];
    }),
    setgroups === undefined ? '' : labelled('setgroups', setgroups, style),
  ].join('');
}

const mapRows = (label: string, map: readonly IdRange[] | undefined): string[][] =>
  (map ?? []).map(({ inner, outer, count }, i) => [i === 0 ? label : '', `${inner}`, `${outer}`, `${count}`]);

const pad = (cell: string, width: number, left: boolean): string =>
  left ? cell.padEnd(width) : cell.padStart(width);

function renderClocks(found: ProcessInspection, style: Style): string {
  const { clocks } = found;
  if (clocks === undefined) return labelled('', absent(found, 'clocks'), style);
  return ['monotonic', 'boottime']
    .map((clock) => labelled(clock, formatDuration(clocks[clock as keyof typeof clocks]), style))
    .join('');
}

function renderCgroups(found: ProcessInspection, style: Style): string {
  const { cgroups } = found;
  if (cgroups === undefined) return labelled('', absent(found, 'cgroups'), style);
  return cgroups
    .map(({ hierarchy, controllers, path }) =>
      labelled(hierarchy === 0 ? 'v2' : controllers.join(','), escapeControls(path), style),
    )
    .join('');
}

function renderCapabilities(sets: CapabilitySets, style: Style): string {
  const last = Number(readTextFileIfAny('/proc/sys/kernel/cap_last_cap') ?? 40);
  const all = capabilityNames((1n << BigInt(last + 1)) - 1n);
  return Object.entries(sets)
    .map(([set, names]) => labelled(set, capabilityText(names, all), style))
    .join('');
}

function capabilityText(names: readonly string[], all: readonly string[]): string {
  if (names.length === 0) return 'none';
  const missing = all.filter((name) => !names.includes(name));
  if (missing.length === 0) return `all ${all.length}`;
  return missing.length <= FEW ? `all ${all.length} but ${missing.join(' ')}` : names.join(' ');
}

/** Why a field is undefined. */
const absent = ({ hidden }: ProcessInspection, field: keyof ProcessInspection): string =>
  hidden.includes(field) ? HIDDEN : 'this kernel does not have it, or the process has ended';

function labelled(label: string, text: string, style: Style): string {
  const indent = ' '.repeat(2 + (label === '' ? 0 : LABEL));
  const lines = wrap(text, Math.max(20, style.columns - indent.length));
  const start = label === '' ? indent : `  ${label.padEnd(LABEL - 1)} `;
  return `${start}${lines.join(`\n${indent}`)}\n`;
}

const indented = (table: string): string => table.replace(/^(?=.)/gm, '  ');
const bold = (text: string, { color }: Style): string => paint(text, '1', color);
