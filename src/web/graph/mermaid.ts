import type { ListedNamespace } from '../../namespaces/list/namespace.js';
import type { Bundle, GraphModel, ProcessGroup } from './model.js';
import { COLORS, hostWords, keeperWords, processWords, userTitle } from './words.js';

/** The picture as a Mermaid flowchart, which README files and wikis show. */
export function renderMermaid(model: GraphModel): string {
  const place = new Map([
    ...model.groups.flatMap(({ id, own }) => own.map(({ inode }) => [inode, id] as const)),
    ...model.bundles.flatMap(({ id, namespaces }) => namespaces.map(({ inode }) => [inode, id] as const)),
  ]);
  return `${[
    'flowchart LR',
    ...contents(model, undefined, '  '),
    ...model.groups.flatMap(({ id, shared }) => shared.map((bundle) => `  ${id} --- ${bundle.id}`)),
    ...model.parents.map(([child, parent]) => `  ${place.get(child)} -. parent .-> ${place.get(parent)}`),
    ...Object.entries(COLORS).map(([kind, color]) => `  classDef ${kind} fill:${color},color:#1a1a1a`),
  ].join('\n')}\n`;
}

function contents(model: GraphModel, user: ListedNamespace | undefined, indent: string): string[] {
  const shown = new Set(model.users.map((each) => each.inode));
  const within = (inode: number | undefined) => (shown.has(inode ?? 0) ? inode : undefined) === user?.inode;
  return [
    ...model.groups.filter((group) => within(group.user)).map((group) => indent + groupNode(group)),
    ...model.bundles.filter(({ owner }) => within(owner)).map((each) => indent + bundleNode(each)),
    ...model.users
      .filter(({ parent }) => within(parent))
      .flatMap((child) => [
        `${indent}subgraph u${child.inode} [${quote([userTitle(child)])}]`,
        ...contents(model, child, `${indent}  `),
        `${indent}end`,
      ]),
  ];
}

function groupNode({ id, processes, own, host }: ProcessGroup): string {
  const rest = host.length === 0 ? [] : [hostWords(host)];
  return `${id}[${quote([...processWords(processes), ...own.map(({ kind, inode }) => `${kind} ${inode}`), ...rest])}]`;
}

function bundleNode({ id, namespaces }: Bundle): string {
  const [first] = namespaces;
  const count = first?.processes.length ?? 0;
  const about = count === 0 && first ? keeperWords(first) : `shared by ${count} processes`;
  const words = [...namespaces.map(({ kind, inode }) => `${kind} ${inode}`), about];
  return `${id}([${quote(words)}])${namespaces.length === 1 ? `:::${first?.kind}` : ''}`;
}

/** Entities stand for what Mermaid or a browser would take for markup. */
export function quote(lines: readonly string[]): string {
  const safe = lines.map((line) =>
    line.replace(/[^\p{L}\p{N} .,:/_-]/gu, (letter) => `#${letter.codePointAt(0)};`),
  );
  return `"${safe.join('<br>')}"`;
}
