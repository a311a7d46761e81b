/** The picture as a tree of lines, for a terminal. */
import { paint } from '../../foundation/paint.js';
import { type Cable, type Device, devicesOf, type NetPicture, type Place } from './picture.js';

const COLORS = { title: '1', name: '36', down: '31', dim: '2', address: '32', translation: '35' } as const;
type Color = keyof typeof COLORS;

/** A piece of a line. */
interface Piece {
  readonly words: string;
  readonly color?: Color | undefined;
}

/** A line with what hangs below it. */
interface Branch {
  readonly pieces: readonly Piece[];
  readonly below: readonly Branch[];
}

export function renderText({ places, cables, notes }: NetPicture, color: boolean): string {
  const ends = endsOf(places, cables);
  const blocks = places.map((place) => linesOf(placeBranch(place, ends), color).join('\n'));
  if (notes.length > 0) blocks.push(notes.map((words) => paint(words, COLORS.dim, color)).join('\n'));
  return blocks.length === 0 ? 'no network namespace\n' : `${blocks.join('\n\n')}\n`;
}

/** Where a device leads: `⇄ eth0 in blue`, by place and device. */
type Ends = ReadonlyMap<string, readonly string[]>;

const ARROWS: Readonly<Record<Cable['kind'], [there: string, back: string]>> = {
  pair: ['⇄', '⇄'],
  on: ['on', 'carries'],
  carries: ['carries', 'on'],
  tunnel: ['⇢', '⇢'],
};

function endsOf(places: readonly Place[], cables: readonly Cable[]): Ends {
  const byId = new Map(places.map((place) => [place.id, place]));
  const names = new Map(
    places.flatMap((place) =>
      devicesOf(place).map(({ index, name }) => [`${place.id} ${index}`, name] as [string, string]),
    ),
  );
  const ends = new Map<string, string[]>();
  const add = (from: Cable['from'], to: Cable['to'], arrow: string): void => {
    const key = `${from.place} ${from.device}`;
    const name = names.get(`${to.place} ${to.device}`);
    const where = `in ${byId.get(to.place)?.title}`;
    ends.set(key, [
      ...(ends.get(key) ?? []),
      [arrow, ...(name === undefined ? [] : [name]), where].join(' '),
    ]);
  };
  for (const { kind, from, to } of cables) {
    add(from, to, ARROWS[kind][0]);
    add(to, from, ARROWS[kind][1]);
  }
  return ends;
}

function placeBranch(place: Place, ends: Ends): Branch {
  const { title, about, processes, devices, moreDevices, routes, translations } = place;
  const leaf = (words: string, color?: Color): Branch => ({ pieces: [{ words, color }], below: [] });
  return {
    pieces: [
      { words: title, color: 'title' },
      { words: about.length > 0 ? `  ${about.join(', ')}` : '', color: 'dim' },
    ],
    below: [
      ...(processes.length > 0 ? [leaf(processes.join(', '), 'dim')] : []),
      ...devices.map((device) => deviceBranch(place, device, ends)),
      ...(moreDevices > 0 ? [leaf(`and ${moreDevices} more links`, 'dim')] : []),
      ...routes.map((words) => leaf(words)),
      ...translations.map((words) => leaf(words, 'translation')),
    ],
  };
}

function deviceBranch(place: Place, device: Device, ends: Ends): Branch {
  const { name, kind, state, mtu, addresses, about, ports, morePorts } = device;
  const leads = ends.get(`${place.id} ${device.index}`) ?? [];
  return {
    pieces: [
      { words: name, color: 'name' },
      { words: `  ${kind}`, color: 'dim' },
      { words: `  ${state}`, color: state === 'up' ? undefined : 'down' },
      ...addresses.map((words) => ({ words: `  ${words}`, color: 'address' as const })),
      ...about.map((words) => ({ words: `  ${words}` })),
      ...leads.map((words) => ({ words: `  ${words}` })),
      { words: `  mtu ${mtu}`, color: 'dim' },
    ],
    below: [
      ...ports.map((port) => deviceBranch(place, port, ends)),
      ...(morePorts > 0 ? [{ pieces: [{ words: `and ${morePorts} more ports` }], below: [] }] : []),
    ],
  };
}

function linesOf({ pieces, below }: Branch, color: boolean): string[] {
  const own = pieces.map((piece) => painted(piece, color)).join('');
  const branches = below.flatMap((branch, i) => {
    const isLast = i === below.length - 1;
    const [first = '', ...rest] = linesOf(branch, color);
    return [`${isLast ? '└─ ' : '├─ '}${first}`, ...rest.map((line) => `${isLast ? '   ' : '│  '}${line}`)];
  });
  return [own, ...branches];
}

const painted = ({ words, color }: Piece, isColored: boolean): string =>
  color === undefined ? words : paint(words, COLORS[color], isColored);
