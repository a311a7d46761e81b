/**
 * Puts the examples, and what they print, into the pages of docs/guide. What stands between these two lines is replaced
 * by the file, in a fence:
 *
 *     <!-- include: examples/01-unshare.ts -->
 *     <!-- end -->
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
const BLOCK = /^<!-- include: (\S+) -->\n(?:.*\n)*?<!-- end -->$/gm;

/** The pages by their paths, as they are to be. Throws when a page includes a file that is not there. */
export function renderGuide(): Record<string, string> {
  const folders = ['docs/guide/en', 'docs/guide/zh'];
  const pages = folders.flatMap((folder) =>
    readdirSync(new URL(folder, root))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  );
  return Object.fromEntries(pages.map((page) => [page, renderPage(page)]));
}

function renderPage(page: string): string {
  return read(page).replace(BLOCK, (_, path: string) => {
    if (!existsSync(new URL(path, root))) throw new Error(`${page} includes ${path}, which is not there`);
    const language = path.endsWith('.ts') ? 'ts' : 'console';
    return `<!-- include: ${path} -->\n\`\`\`${language}\n${read(path)}\`\`\`\n<!-- end -->`;
  });
}

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}
