/** Writes what is generated from tables and checked in; with --check, fails when a file differs instead. */
import { readFileSync, writeFileSync } from 'node:fs';
import { renderGuide } from './guide.js';
import { renderWireHeader } from './wire-header.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

const outputs: Record<string, string> = {
  'native/include/wire.h': renderWireHeader(),
  'src/cli/version.ts': `/** Generated from package.json by npm run generate. */\nexport const VERSION = '${version}';\n`,
  ...renderGuide(),
};

let stale = false;
for (const [path, text] of Object.entries(outputs)) {
  const url = new URL(`../${path}`, import.meta.url);
  if (!process.argv.includes('--check')) {
    writeFileSync(url, text);
  } else if (readFileSync(url, 'utf8') !== text) {
    console.error(`${path} differs from what it is made from; run: npm run generate`);
    stale = true;
  }
}
process.exitCode = stale ? 1 : 0;
