import { createHash } from 'node:crypto';
import { STYLE } from '../graph/html.js';

const PAGE_STYLE = `${STYLE}
#state { margin: 0 0 .5rem; font: 14px system-ui, sans-serif; min-height: 1.2em; }
@keyframes new { from { fill: #e8590c; font-weight: bold; } }
#picture text.new { animation: new 5s ease-in; }
@media (prefers-reduced-motion: reduce) { #picture text.new { animation: none; } }
`;

/** Words that the picture before had not got are shown so for a while, but for how many processes there are. */
const SCRIPT = `
const picture = document.getElementById('picture');
const state = document.getElementById('state');
const events = new EventSource('events');
let known;
function wordsOf(svg) {
  const words = new Map();
  for (const text of svg.querySelectorAll('g.node text'))
    words.set(text, text.closest('g.node').querySelector('title').textContent + ' ' + text.textContent);
  return words;
}
events.addEventListener('picture', ({ data }) => {
  const svg = new DOMParser().parseFromString(data, 'image/svg+xml').documentElement;
  if (svg.nodeName !== 'svg') return;
  const words = wordsOf(svg);
  if (known) for (const [text, word] of words) text.classList.toggle('new', !known.has(word) && !/ more$/.test(word));
  known = new Set(words.values());
  picture.replaceChildren(svg);
});
events.onopen = () => { state.textContent = 'Live: what changes in the network shows here.'; };
events.onerror = () => { state.textContent = 'Not connected any more: isol8 graph --serve has ended, or is out of reach.'; };
`;

/** The page, which has the picture sent. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Networks</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<p id="state" role="status">Connecting.</p>
<main id="picture"></main>
<script type="module">${SCRIPT}</script>
</body>
</html>
`;

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing but the page's own style and script, and what they ask this server for. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src ${hash(PAGE_STYLE)}`,
  `script-src ${hash(SCRIPT)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
