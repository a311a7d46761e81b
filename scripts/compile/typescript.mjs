import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { BuildError } from './compiler.mjs';
import { root } from './root.mjs';

/** src → dist: the library file by file, the command line as one file. */
export async function buildTypeScript() {
  const staging = `build/dist-${process.pid}`;
  try {
    emitLibrary(staging);
    await bundleCommandLine(staging);
    replaceDist(staging);
  } finally {
    rmSync(join(root, staging), { recursive: true, force: true });
  }
}

function emitLibrary(folder) {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const parameters = [compiler, '-p', 'tsconfig.build.json', '--outDir', folder];
  const result = spawnSync(process.execPath, parameters, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) {
    throw new BuildError('src does not compile: see the messages above');
  }
}

/**
 * One CommonJS file, because start-up is what a command costs: 60 ES modules are 11 ms on Node 20, split ES
 * chunks 5, this 1. A command is still evaluated only when it runs: esbuild turns `await import()` of a module
 * into a call of the function that holds it.
 */
async function bundleCommandLine(folder) {
  const { build } = await import('esbuild');
  const output = join(root, folder, 'cli/main.js');
  rmSync(join(root, folder, 'cli'), { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/main.ts'],
    outfile: output,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // Larger than everything else, and for isol8 graph and for Namespace.fetch alone.
    external: ['@hpcc-js/wasm-graphviz', 'undici'],
    target: 'node20.19',
    legalComments: 'none',
    logLevel: 'error',
    banner: {
      js: "'use strict';\nconst importMetaUrl = require('node:url').pathToFileURL(__filename).href;",
    },
    define: { 'import.meta.url': 'importMetaUrl' },
  });
  writeFileSync(join(root, folder, 'cli/package.json'), '{ "type": "commonjs" }\n');
  makeProgram(output);
}

/**
 * Node takes `--env-file` and its like for its own also behind the script's name, and with them code from a file that
 * the program's arguments name (nodejs/node#54232); only a `--` before the script stops it. A first line cannot hold two
 * arguments for env(1), whose -S busybox lacks. So the first line is a shell's, and the second is both languages': in
 * JavaScript a string and a comment, in sh a command that does nothing and then node.
 */
const HEAD = `#!/bin/sh
':' //; exec node -- "$0" "$@"
`;
const SOURCE_HEAD = '#!/usr/bin/env node\n';

function makeProgram(path) {
  const text = readFileSync(path, 'utf8');
  if (!text.startsWith(SOURCE_HEAD)) {
    throw new BuildError(`src/cli/main.ts must begin with ${SOURCE_HEAD}`);
  }
  writeFileSync(path, HEAD + text.slice(SOURCE_HEAD.length));
  chmodSync(path, 0o755);
}

/** Swapped whole, so that nothing deleted from src lives on and a failed build leaves the old one. */
function replaceDist(staging) {
  const dist = join(root, 'dist');
  const old = join(root, `build/dist-old-${process.pid}`);
  if (existsSync(dist)) {
    renameSync(dist, old);
  }
  renameSync(join(root, staging), dist);
  rmSync(old, { recursive: true, force: true });
}
