import { ALL_KINDS } from '../../namespaces/kinds.js';
import type { ListedNamespace } from '../../namespaces/list/namespace.js';
import { arrange } from './arrange.js';
import { FONT, INK, legendCell, roomFor, SURFACES, text } from './dot-markup.js';
import type { Bundle, GraphModel, ProcessGroup } from './model.js';
import { COLORS, hostWords, keeperWords, processWords, userTitle } from './words.js';

const TITLE_SIZE = 11;

/** The picture in Graphviz's language: user namespaces are boxes, in them what they own and who is in them. */
export function renderDot(model: GraphModel): string {
  const places = placesOf(model);
  return `${[
    'digraph namespaces {',
    `  graph [rankdir=LR, bgcolor="${SURFACES.page}", fontname="${FONT}", fontsize=11, nodesep=0.25, ranksep=0.6]`,
    `  node [shape=plain, fontname="${FONT}", fontsize=10]`,
    `  edge [color="${SURFACES.line}", arrowsize=0.6, fontname="${FONT}", fontsize=9]`,
    `  graph [label=<${legend()}>, labelloc=t, labeljust=l]`,
    ...contents(model, undefined, '  '),
    ...edges(model, places),
    ...arrange(model).map(([from, to]) => `  ${from} -> ${to} [style=invis]`),
    '}',
  ].join('\n')}\n`;
}

/** Where the edge of a namespace begins: at its row in a group's box, or at its own box. */
function placesOf({ groups, bundles }: GraphModel): Map<number, string> {
  const boxes = [
    ...groups.map(({ id, own }) => ({ id, namespaces: own })),
    ...bundles.map(({ id, namespaces }) => ({ id, namespaces })),
  ];
  return new Map(
    boxes.flatMap(({ id, namespaces }) => namespaces.map(({ inode }) => [inode, `${id}:n${inode}`] as const)),
  );
}

/** What is directly in a user namespace, and the boxes of its children. */
function contents(model: GraphModel, user: ListedNamespace | undefined, indent: string): string[] {
  const inode = user?.inode;
  const shown = new Set(model.users.map((each) => each.inode));
  return [
    ...model.groups.filter((group) => group.user === inode).map((group) => indent + groupNode(group)),
    ...model.bundles.filter(({ owner }) => owner === inode).map((each) => indent + bundleNode(each)),
    ...model.users
      .filter(({ parent }) => (shown.has(parent ?? 0) ? parent : undefined) === inode)
      .flatMap((child) => [
        `${indent}subgraph cluster_${child.inode} {`,
        `${indent}  graph [label=<${title(userTitle(child))}>, labeljust=l, style="rounded,filled", ` +
          `color="${SURFACES.line}", fillcolor="${SURFACES.user}"]`,
        ...contents(model, child, `${indent}  `),
        `${indent}}`,
      ]),
  ];
}

function groupNode({ id, processes, own, shared, host, user }: ProcessGroup): string {
  const isHost = own.length === 0 && shared.length === 0 && user === undefined;
  const lines = processWords(processes).map((words) => ({ words, color: isHost ? SURFACES.dim : undefined }));
  const rest = host.length === 0 ? [] : [{ words: hostWords(host), color: SURFACES.dim }];
  return `${id} [label=<${table([...lines, ...own.map(namespaceRow), ...rest])}>]`;
}

function bundleNode({ id, namespaces }: Bundle): string {
  const [first] = namespaces;
  const count = first?.processes.length ?? 0;
  const about = count === 0 && first ? keeperWords(first) : `shared by ${count} processes`;
  return `${id} [label=<${table([{ words: about, color: SURFACES.dim }, ...namespaces.map(namespaceRow)])}>]`;
}

function namespaceRow({ kind, inode }: ListedNamespace): Row {
  return { words: `${kind} ${inode}`, color: INK, look: `PORT="n${inode}" BGCOLOR="${COLORS[kind]}"` };
}

function edges({ groups, parents }: GraphModel, places: ReadonlyMap<number, string>): string[] {
  const members = groups.flatMap(({ id, shared }) =>
    shared.map((bundle) => `  ${id} -> ${bundle.id} [arrowhead=none]`),
  );
  const nested = parents.map(
    ([child, parent]) =>
      `  ${places.get(child)} -> ${places.get(parent)} [style=dashed, label="parent", constraint=false]`,
  );
  return [...members, ...nested];
}

/** Over the box of a user namespace. */
const title = (words: string): string =>
  `<TABLE BORDER="0" CELLBORDER="0"><TR><TD ALIGN="LEFT" WIDTH="${roomFor(words, { size: TITLE_SIZE })}">${text(words)}</TD></TR></TABLE>`;

function legend(): string {
  const kinds = ALL_KINDS.filter((kind) => kind !== 'user').map((kind) => legendCell(kind, COLORS[kind]));
  const words = [
    'white box: processes in the same namespaces',
    'grey box: user namespace and what it owns',
    'line: is in',
    'dashed: parent of a pid namespace',
  ].map((each) => legendCell(each));
  const cells = [...kinds, ...words].join('');
  return `<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="3" CELLPADDING="3"><TR>${cells}</TR></TABLE>`;
}

/** A line of a box. */
interface Row {
  readonly words: string;
  readonly color?: string | undefined;
  readonly look?: string;
}

function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ words }) => roomFor(words)));
  const look = `BORDER="1" COLOR="${SURFACES.line}" STYLE="ROUNDED" BGCOLOR="${SURFACES.box}"`;
  const cells = rows.map(
    ({ words, color, look: cell = '' }) =>
      `<TR><TD ALIGN="LEFT" WIDTH="${width}" ${cell}>${text(words, color)}</TD></TR>`,
  );
  return `<TABLE ${look} CELLBORDER="0" CELLSPACING="1" CELLPADDING="2">${cells.join('')}</TABLE>`;
}
