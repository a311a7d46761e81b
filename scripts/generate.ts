/**
 * Writes what is generated from tables and sources and checked in; with --check, fails when a file differs instead. A word
 * names the paths that it is about: `npm run generate docs/reference`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { renderGuide } from './guide.js';
import { renderWireHeader } from './wire-header.js';

type Outputs = Readonly<Record<string, string>>;

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** What makes the files whose paths begin so. */
const SOURCES: Readonly<Record<string, () => Outputs | Promise<Outputs>>> = {
  'native/include/wire.h': () => ({ 'native/include/wire.h': renderWireHeader() }),
  'src/cli/version.ts': () => ({
    'src/cli/version.ts': `/** Generated from package.json by npm run generate. */\nexport const VERSION = '${version}';\n`,
  }),
  'docs/guide': renderGuide,
  'docs/reference': async () => (await import('./reference.js')).renderReference(),
};

/** The text of a file that is checked in, undefined when there is none. */
function checkedIn(url: URL): string | undefined {
  try {
    return readFileSync(url, 'utf8');
  } catch {
    return undefined;
  }
}

const words = process.argv.slice(2);
const wanted = words.filter((word) => !word.startsWith('--'));
for (const [path, render] of Object.entries(SOURCES)) {
  if (wanted.length > 0 && !wanted.some((word) => path.startsWith(word))) continue;
  for (const [file, text] of Object.entries(await render())) {
    const url = new URL(`../${file}`, import.meta.url);
    if (!words.includes('--check')) {
      mkdirSync(new URL('.', url), { recursive: true });
      writeFileSync(url, text);
    } else if (checkedIn(url) !== text) {
      console.error(`${file} differs from what it is made from; run: npm run generate`);
      process.exitCode = 1;
    }
  }
}
