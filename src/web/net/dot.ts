import { FONT, INK, legendCell, roomFor, SURFACES, text } from '../graph/dot-markup.js';
import { arrangeApart, type Column, columnsOf } from './columns.js';
import type { Cable, CableEnd, Device, NetPicture, Place } from './picture.js';

/** A light colour for each kind of link, told apart also by those who see few colours: each stands beside its name. */
const COLORS: Readonly<Record<string, string>> = {
  bridge: '#b2f2bb',
  veth: '#a5d8ff',
  ethernet: '#ffec99',
};
const OTHER = '#d0bfff';
const LOOPBACK = '#e9ecef';
const TRANSLATION = '#ffe3e3';

/**
 * The picture in Graphviz's language: a box for each network namespace, a row for each of its links, lines from row to row, from
 * the host on the left to what is further away on the right.
 */
export function renderDot(picture: NetPicture): string {
  const { places, cables } = picture;
  const distances = new Map(places.map(({ id, distance }) => [id, distance]));
  const columns = columnsOf(picture);
  return `${[
    'digraph networks {',
    `  graph [rankdir=LR, bgcolor="${SURFACES.page}", fontname="${FONT}", fontsize=11, nodesep=0.3, ranksep=1.2, splines=polyline]`,
    `  node [shape=plain, fontname="${FONT}", fontsize=10]`,
    `  edge [color="${SURFACES.line}", dir=none, penwidth=1.4, fontname="${FONT}", fontsize=9]`,
    `  graph [label=<${legend(picture)}>, labelloc=t, labeljust=l]`,
    ...places.map((place) => `  ${place.id} [label=<${box(place)}>]`),
    ...cables.map((cable) => `  ${edge(cable, { distances, columns })}`),
    ...arrangeApart(places).map(([from, to]) => `  ${from} -> ${to} [style=invis]`),
    '}',
  ].join('\n')}\n`;
}

interface Layout {
  readonly distances: ReadonlyMap<string, number | undefined>;
  readonly columns: ReadonlyMap<string, Column>;
}

/** Where it does not lead from one column to another, Graphviz must not make it so. */
function edge({ kind, from, to }: Cable, { distances, columns }: Layout): string {
  const look = kind === 'on' || kind === 'carries' ? ['style=dashed'] : [];
  const isAway = (distances.get(from.place) ?? 0) < (distances.get(to.place) ?? 0);
  if (kind === 'tunnel') {
    look.push('style=dotted', 'penwidth=2', 'constraint=false');
  } else if (isAway) {
    const { side, distance } = columns.get(to.place) ?? { side: 'right', distance: 1 };
    look.push(`minlen=${distance}`, 'weight=2');
    if (side === 'left') return line(to, from, look);
  } else {
    look.push('constraint=false');
  }
  return isAway ? line(from, to, look) : `${port(from, 'e')} -> ${port(to, 'e')} [${look.join(', ')}]`;
}

/** To the right. */
const line = (from: CableEnd, to: CableEnd, look: readonly string[]): string =>
  `${port(from, 'e')} -> ${port(to, 'w')} [${look.join(', ')}]`;

/** The side of a row where a line begins: the first and the last cell have names. */
const port = ({ place, device }: CableEnd, side: 'e' | 'w'): string =>
  `${place}:${device === undefined ? 'title' : `${side}${device}`}:${side}`;

/** Of a stripe that shows whose port a link is, name, kind, addresses, state. */
const COLUMNS = 5;
const TITLE_SIZE = 12;

function box(place: Place): string {
  const { title, about, processes, devices, moreDevices, routes, translations } = place;
  const rows = [
    `<TR><TD PORT="title" COLSPAN="${COLUMNS}" ALIGN="LEFT" BGCOLOR="${SURFACES.user}" CELLPADDING="0">${titleRow(title, about.join(', '))}</TD></TR>`,
    ...processes.map((words) => wide(words, { color: SURFACES.dim })),
    ...devices.flatMap((device) => deviceRows(device, undefined)),
    ...(moreDevices > 0 ? [wide(`and ${moreDevices} more links`)] : []),
    ...routes.map((words) => wide(words)),
    ...translations.map((words) => wide(words, { color: INK, background: TRANSLATION })),
  ];
  const look = `BORDER="1" COLOR="${SURFACES.line}" STYLE="ROUNDED" BGCOLOR="${SURFACES.box}"`;
  return `<TABLE ${look} CELLBORDER="0" CELLSPACING="1" CELLPADDING="3">${rows.join('')}</TABLE>`;
}

/** Two cells: a reader's font moves the end of the first, which is not to cover the other. */
function titleRow(title: string, about: string): string {
  const name = `<TD ALIGN="LEFT" WIDTH="${roomFor(title, { size: TITLE_SIZE, bold: true })}"><FONT POINT-SIZE="${TITLE_SIZE}"><B>${text(title)}</B></FONT></TD>`;
  const more =
    about === '' ? '' : `<TD ALIGN="LEFT" WIDTH="${roomFor(about)}">${text(about, SURFACES.dim)}</TD>`;
  return `<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3"><TR>${name}${more}</TR></TABLE>`;
}

function wide(words: string, { color, background }: { color?: string; background?: string } = {}): string {
  const look = background === undefined ? '' : ` BGCOLOR="${background}"`;
  return `<TR><TD COLSPAN="${COLUMNS}" ALIGN="LEFT" WIDTH="${roomFor(words)}"${look}>${text(words, color)}</TD></TR>`;
}

/** A row for the link, with the stripe of its master in front, and one for each of its ports. */
function deviceRows(device: Device, stripe: string | undefined): string[] {
  const { index, name, kind, state, mtu, addresses, about, ports, morePorts } = device;
  const color = colorOf(kind);
  const cell = (words: readonly string[], look = '', ink?: string): string => {
    const width = Math.max(0, ...words.map((each) => roomFor(each)));
    const lines = words.map((each) => text(each, ink)).join('<BR ALIGN="LEFT"/>');
    return `<TD ALIGN="LEFT" WIDTH="${width}"${look}>${lines}${words.length > 1 ? '<BR ALIGN="LEFT"/>' : ''}</TD>`;
  };
  const nameLook = `BGCOLOR="${color}"`;
  const row =
    stripe === undefined
      ? cell([name], ` PORT="w${index}" COLSPAN="2" ${nameLook}`, INK)
      : `<TD PORT="w${index}" WIDTH="8" BGCOLOR="${stripe}"></TD>${cell([name], ` ${nameLook}`, INK)}`;
  const ink = state === 'up' ? SURFACES.dim : SURFACES.bad;
  return [
    `<TR>${row}${cell([kind, ...(about.length > 0 ? [about.join(', ')] : [])])}${cell(addresses)}${cell([`${state}, mtu ${mtu}`], ` PORT="e${index}"`, ink)}</TR>`,
    ...ports.flatMap((each) => deviceRows(each, color)),
    ...(morePorts > 0 ? [wide(`and ${morePorts} more ports`)] : []),
  ];
}

function colorOf(kind: string): string {
  if (kind === 'loopback') return LOOPBACK;
  return Object.hasOwn(COLORS, kind) ? (COLORS[kind] as string) : OTHER;
}

function legend({ notes }: NetPicture): string {
  const kinds = [...Object.entries(COLORS), ['other links', OTHER], ['NAT', TRANSLATION]] as const;
  const cells = [
    ...kinds.map(([kind, color]) => legendCell(kind, color)),
    ...['line: veth pair', 'dashed: link on another', 'dotted: tunnel'].map((words) => legendCell(words)),
  ];
  const more = notes.map(
    (words) => `<TR><TD COLSPAN="${cells.length}" ALIGN="LEFT">${text(words, SURFACES.dim)}</TD></TR>`,
  );
  const look = 'BORDER="0" CELLBORDER="0" CELLSPACING="3" CELLPADDING="3"';
  return `<TABLE ${look}><TR>${cells.join('')}</TR>${more.join('')}</TABLE>`;
}
