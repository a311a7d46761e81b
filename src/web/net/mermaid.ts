import { quote } from '../graph/mermaid.js';
import type { Cable, CableEnd, Device, NetPicture, Place } from './picture.js';

/** The picture as a Mermaid flowchart, which README files and wikis show. */
export function renderMermaid({ places, cables, notes }: NetPicture): string {
  return `${[
    'flowchart LR',
    ...places.flatMap(placeLines),
    ...cables.map((cable) => `  ${idOf(cable.from)} ${lineOf(cable)} ${idOf(cable.to)}`),
    ...(notes.length > 0 ? [`  notes[${quote(notes)}]`] : []),
    '  classDef bridge fill:#b2f2bb,color:#1a1a1a',
    '  classDef veth fill:#a5d8ff,color:#1a1a1a',
    '  classDef nat fill:#ffe3e3,color:#1a1a1a',
  ].join('\n')}\n`;
}

const idOf = ({ place, device }: CableEnd): string => (device === undefined ? place : `${place}l${device}`);

function lineOf({ kind, label }: Cable): string {
  if (kind === 'pair') return '---';
  return kind === 'tunnel' ? `-.-|${quote([label ?? ''])}|` : '-.-';
}

function placeLines(place: Place): string[] {
  const { id, title, about, processes, devices, moreDevices, routes, translations } = place;
  const more = moreDevices > 0 ? [`and ${moreDevices} more links`] : [];
  const boxes = devices.filter((device) => !isPlain(device));
  const loopback = devices.filter(isPlain).map(({ name, state }) => `${name} ${state}`);
  const words = [...processes, ...more, ...loopback, ...routes];
  const rest = words.length === 0 && boxes.length === 0 ? ['nothing is known of it'] : words;
  return [
    `  subgraph ${id} [${quote([[title, ...about].join(', ')])}]`,
    ...boxes.flatMap((device) => deviceLines(id, device)),
    ...(rest.length > 0 ? [`    ${id}rest[${quote(rest)}]`] : []),
    ...(translations.length > 0 ? [`    ${id}nat[${quote(translations)}]:::nat`] : []),
    '  end',
  ];
}

/** Loopback as everyone has it, which is not worth a box. */
const isPlain = ({ kind, addresses }: Device): boolean => kind === 'loopback' && addresses.length === 0;

/** A box for the link, and those of its ports on lines. */
function deviceLines(place: string, device: Device): string[] {
  const { index, name, kind, state, mtu, addresses, about, ports, morePorts } = device;
  const words = [
    `${name} ${kind}`,
    ...addresses,
    [state, `mtu ${mtu}`, ...about].join(', '),
    ...(morePorts > 0 ? [`and ${morePorts} more ports`] : []),
  ];
  const look = kind === 'bridge' || kind === 'veth' ? `:::${kind}` : '';
  return [
    `    ${place}l${index}[${quote(words)}]${look}`,
    ...ports.flatMap((port) => [
      ...deviceLines(place, port),
      `    ${place}l${index} --- ${place}l${port.index}`,
    ]),
  ];
}
