/**
 * `node scripts/build.mjs`           the C for this machine, the TypeScript and the command line
 * `node scripts/build.mjs --all`     the C for every architecture: what a package must hold
 * `node scripts/build.mjs --native`  the C alone
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { architectures, BuildError } from './compile/compiler.mjs';
import { buildNative } from './compile/native.mjs';
import { root } from './compile/root.mjs';
import { buildTypeScript } from './compile/typescript.mjs';

function wantedArchitectures(all) {
  if (all) {
    return Object.keys(architectures);
  }
  if (process.platform === 'linux' && process.arch in architectures) {
    return [process.arch];
  }
  console.log(`isol8: no native part for ${process.platform} ${process.arch}; only the TypeScript is built`);
  return [];
}

async function measured(what, work) {
  const start = performance.now();
  await work();
  console.log(`isol8: ${what} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

async function main() {
  const { values } = parseArgs({ options: { all: { type: 'boolean' }, native: { type: 'boolean' } } });
  mkdirSync(join(root, 'build'), { recursive: true });
  for (const architecture of wantedArchitectures(values.all)) {
    await measured(`launcher and addon for ${architecture}`, () => buildNative(architecture));
  }
  if (!values.native) {
    await measured('library and command line', buildTypeScript);
  }
}

function explain(error) {
  if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
    return `${error.message.split('\n')[0]}\nThe build needs the development dependencies: npm ci --include=dev`;
  }
  return error instanceof BuildError || error?.errors ? error.message : error.stack;
}

try {
  await main();
} catch (error) {
  console.error(`isol8: ${explain(error)}`);
  process.exitCode = 1;
}
