import { SpecError } from '../foundation/errors.js';
import { ProcessReader } from '../namespaces/list/processes.js';
import { list } from '../namespaces/list.js';
import { renderDot } from './graph/dot.js';
import { renderHtml } from './graph/html.js';
import { layOut } from './graph/lay-out.js';
import { renderMermaid } from './graph/mermaid.js';
import { buildModel, type GraphModel } from './graph/model.js';
import { unseen } from './graph/unseen.js';
import type { GraphFormat } from './graph-formats.js';

/** What {@link graph} draws, and how. */
export interface GraphOptions {
  /**
   * Draw networks instead: network namespaces, their links and what connects them, addresses, routes, NAT. Read from the kernel,
   * whoever has made them. Default false.
   */
  readonly net?: boolean;
  /** The processes to show; with `net` the network namespaces they are in. Default all, and namespaces that no process is in. */
  readonly pids?: readonly number[];
  /** Default `svg`; `html` is one page with the picture, in light and dark; `text`, for networks only, a tree of lines. */
  readonly format?: GraphFormat;
}

/**
 * Draws processes and namespaces: those in exactly the same namespaces in one box, a box around them for each user
 * namespace with what it owns, lines to what several share, dashed lines from pid namespaces to their parents. The
 * host's namespaces, those of the first process that may be seen, are only named. With `net` it draws networks.
 *
 * @throws SpecError for the format `text` without `net`.
 * @throws Isol8Error with the code ESRCH when one of the processes is not there or may not be seen.
 */
export async function graph(options: GraphOptions = {}): Promise<string> {
  const { format = 'svg', net = false } = options;
  if (net) return (await import('./net/graph.js')).graphNetworks(format, options.pids);
  if (format === 'text') throw new SpecError('format', 'text is for networks: give net, too');
  const model = modelOf(options.pids);
  if (format === 'mermaid') return renderMermaid(model);
  const dot = renderDot(model);
  if (format === 'dot') return dot;
  const svg = await layOut(dot);
  return format === 'html' ? renderHtml(svg) : svg;
}

function modelOf(pids: readonly number[] | undefined): GraphModel {
  const { namespaces } = list();
  const reader = new ProcessReader();
  for (const pid of pids ?? []) {
    if (namespaces.some(({ processes }) => processes.includes(pid))) continue;
    throw unseen(pid);
  }
  return buildModel({ namespaces, read: (pid) => reader.read(pid), pids: pids && new Set(pids) });
}
