import { renderHtml } from '../graph/html.js';
import { layOut } from '../graph/lay-out.js';
import type { GraphFormat } from '../graph-formats.js';
import { buildPicture } from './build-picture.js';
import { renderDot } from './dot.js';
import { renderMermaid } from './mermaid.js';
import { readNetworks } from './read.js';
import { renderText } from './text.js';

/** {@link graph} of networks; `color` is for text on a terminal. */
export async function graphNetworks(
  format: GraphFormat,
  pids?: readonly number[],
  color = false,
): Promise<string> {
  const picture = buildPicture(await readNetworks({ pids }));
  if (format === 'text') return renderText(picture, color);
  if (format === 'mermaid') return renderMermaid(picture);
  const dot = renderDot(picture);
  if (format === 'dot') return dot;
  const svg = await layOut(dot);
  return format === 'html' ? renderHtml(svg, 'Networks') : svg;
}
