import { Isol8Error } from '../foundation/errors.js';
import { ProcessReader } from '../namespaces/list/processes.js';
import { list } from '../namespaces/list.js';
import { renderDot } from './graph/dot.js';
import { renderHtml } from './graph/html.js';
import { renderMermaid } from './graph/mermaid.js';
import { buildModel, type GraphModel } from './graph/model.js';
import type { GraphFormat } from './graph-formats.js';

/** What {@link graph} draws, and how. */
export interface GraphOptions {
  /** The processes to show. Default all, and the namespaces that no process is in. */
  readonly pids?: readonly number[];
  /** Default `svg`; `html` is one page with the picture, in light and dark. */
  readonly format?: GraphFormat;
}

/**
 * Draws processes and namespaces: those in exactly the same namespaces in one box, a box around them for each user
 * namespace with what it owns, lines to what several share, dashed lines from pid namespaces to their parents. The
 * host's namespaces, those of the first process that may be seen, are only named.
 *
 * @throws Isol8Error with the code ESRCH when one of the processes is not there or may not be seen.
 */
export async function graph(options: GraphOptions = {}): Promise<string> {
  const { format = 'svg' } = options;
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
    const why = 'It has ended, or it belongs to another user: be root to see it.';
    throw new Isol8Error('ESRCH', `graph process ${pid}: ESRCH. There is no such process to be seen. ${why}`);
  }
  return buildModel({ namespaces, read: (pid) => reader.read(pid), pids: pids && new Set(pids) });
}

/** Graphviz is loaded only here: it is larger than all of isol8. */
async function layOut(dot: string): Promise<string> {
  const { Graphviz } = await import('@hpcc-js/wasm-graphviz');
  const graphviz = await Graphviz.load();
  return graphviz.dot(dot, 'svg');
}
