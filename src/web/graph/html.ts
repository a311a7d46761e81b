import { SURFACES } from './dot-markup.js';

/** The picture in light or in dark, as the reader's system is. */
export const STYLE = `:root { color-scheme: light dark; --page: ${SURFACES.page}; --ink: #1a1a1a; }
body { margin: 1rem; background: var(--page); color: var(--ink); overflow: auto; }
svg { max-width: 100%; height: auto; }
svg text:not([fill]) { fill: var(--ink); }
@media (prefers-color-scheme: dark) {
  :root { --page: #15181c; --ink: #e6e8ea; }
  svg [fill="${SURFACES.page}"] { fill: var(--page); stroke: none; }
  svg [fill="${SURFACES.box}"] { fill: #23272d; }
  svg [fill="${SURFACES.user}"] { fill: #1c2026; }
  svg [stroke="${SURFACES.line}"] { stroke: #8b929c; }
  svg text[fill="${SURFACES.dim}"] { fill: #a3aab3; }
  svg text[fill="${SURFACES.bad}"] { fill: #ff8787; }
}
`;

/** Without the declarations in front of it. */
export const elementOf = (svg: string): string => svg.slice(svg.indexOf('<svg'));

/** One page with nothing to load. */
export function renderHtml(svg: string, title = 'Namespaces'): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
${STYLE}</style>
</head>
<body>
${elementOf(svg)}</body>
</html>
`;
}
