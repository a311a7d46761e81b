import { ALL_KINDS } from '../../namespaces/kinds.js';
import type { Namespace } from '../../namespaces/list/namespace.js';
import type { GraphModel, ProcessGroup } from './model.js';
import { COLORS, keeperWords, processWords, userTitle } from './words.js';

/** What HTML changes in the dark, by these exact values. */
export const SURFACES = {
  page: '#ffffff',
  box: '#fdfdfd',
  user: '#f3f4f6',
  line: '#6b7280',
  dim: '#71767d',
} as const;
const INK = '#1a1a1a';

/** The picture in Graphviz's language: user namespaces are boxes, in them what they own and who is in them. */
export function renderDot(model: GraphModel): string {
  const places = placesOf(model);
  return `${[
    'digraph namespaces {',
    `  graph [rankdir=LR, bgcolor="${SURFACES.page}", fontname="sans-serif", fontsize=11, nodesep=0.2, ranksep=0.7]`,
    '  node [shape=plain, fontname="sans-serif", fontsize=10]',
    `  edge [color="${SURFACES.line}", arrowsize=0.6, fontname="sans-serif", fontsize=9]`,
    ...contents(model, undefined, '  '),
    ...edges(model, places),
    ...arrange(model),
    ...legend(),
    '}',
  ].join('\n')}\n`;
}

/** Where the edge of a namespace begins: at its row in a group's box, or at its own box. */
function placesOf({ groups, namespaces }: GraphModel): Map<number, string> {
  const rows = groups.flatMap(({ id, own }) => own.map(({ inode }) => [inode, `${id}:n${inode}`] as const));
  return new Map([...rows, ...namespaces.map(({ inode }) => [inode, `n${inode}`] as const)]);
}

/** What is directly in a user namespace, and the boxes of its children. */
function contents(model: GraphModel, user: Namespace | undefined, indent: string): string[] {
  const inode = user?.inode;
  const shown = new Set(model.users.map((each) => each.inode));
  const ownerOf = ({ owner }: Namespace) => (owner !== undefined && shown.has(owner) ? owner : undefined);
  return [
    ...model.groups.filter((group) => group.user === inode).map((group) => indent + groupNode(group)),
    ...model.namespaces.filter((each) => ownerOf(each) === inode).map((each) => indent + namespaceNode(each)),
    ...model.users
      .filter(({ parent }) => (shown.has(parent ?? 0) ? parent : undefined) === inode)
      .flatMap((child) => [
        `${indent}subgraph cluster_${child.inode} {`,
        `${indent}  graph [label=${quote(userTitle(child))}, labeljust=l, style="rounded,filled", ` +
          `color="${SURFACES.line}", fillcolor="${SURFACES.user}"]`,
        ...contents(model, child, `${indent}  `),
        `${indent}}`,
      ]),
  ];
}

function groupNode({ id, processes, own, host }: ProcessGroup): string {
  const isHost = own.length === 0 && host.length > 0;
  const lines = processWords(processes).map((line) => row(text(line, isHost ? SURFACES.dim : undefined)));
  const chips = own.map(({ kind, inode }) =>
    row(text(`${kind} ${inode}`, INK), `PORT="n${inode}" BGCOLOR="${COLORS[kind]}"`),
  );
  const rest = host.length === 0 ? [] : [row(text(`of the host: ${hostWords(host)}`, SURFACES.dim))];
  return `${id} [label=<${table([...lines, ...chips, ...rest], SURFACES.box)}>]`;
}

function hostWords(host: ProcessGroup['host']): string {
  return host.length === ALL_KINDS.length ? 'all' : host.join(', ');
}

function namespaceNode(namespace: Namespace): string {
  const { inode, kind, processes } = namespace;
  const words = [
    `${kind} ${inode}`,
    processes.length === 0 ? keeperWords(namespace) : `${processes.length} processes`,
  ];
  const rows = words.filter(Boolean).map((line) => row(text(line, INK)));
  return `n${inode} [label=<${table(rows, COLORS[kind])}>]`;
}

function edges({ groups, parents }: GraphModel, places: ReadonlyMap<number, string>): string[] {
  const members = groups.flatMap(({ id, shared }) =>
    shared.map(({ inode, kind }) => `  ${id} -> n${inode} [tooltip="${kind}", arrowhead=none]`),
  );
  const nested = parents.map(
    ([child, parent]) => `  ${places.get(child)} -> ${places.get(parent)} [style=dashed, label="parent"]`,
  );
  return [...members, ...nested];
}

/** Groups without an edge would be one long column: unseen edges make several. */
function arrange({ groups, parents }: GraphModel): string[] {
  const related = new Set(parents.flat());
  const lonely = groups.filter(
    ({ shared, own }) => shared.length === 0 && !own.some(({ inode }) => related.has(inode)),
  );
  const height = Math.max(3, Math.ceil(Math.sqrt(lonely.length * 1.5)));
  return lonely.slice(height).map(({ id }, i) => `  ${lonely[i]?.id} -> ${id} [style=invis]`);
}

function legend(): string[] {
  const kinds = ALL_KINDS.filter((kind) => kind !== 'user').map((kind) =>
    row(text(kind, INK), `BGCOLOR="${COLORS[kind]}"`),
  );
  const words = ['grey box: user namespace', 'line: is in', 'dashed: parent'].map((line) => row(text(line)));
  return [`  legend [label=<${table([row(text('namespaces')), ...kinds, ...words], SURFACES.box)}>]`];
}

function table(rows: readonly string[], color: string): string {
  const look = `BORDER="1" COLOR="${SURFACES.line}" STYLE="ROUNDED" BGCOLOR="${color}"`;
  return `<TABLE ${look} CELLBORDER="0" CELLSPACING="1" CELLPADDING="2">${rows.join('')}</TABLE>`;
}

const row = (content: string, look = ''): string => `<TR><TD ALIGN="LEFT" ${look}>${content}</TD></TR>`;

function text(words: string, color?: string): string {
  const escaped = words
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
  return color === undefined ? escaped : `<FONT COLOR="${color}">${escaped}</FONT>`;
}

const quote = (words: string): string => `"${words.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
