import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { bundleCommandLine } from './command-line.mjs';
import { BuildError } from './compiler.mjs';
import { bundleLibrary } from './library.mjs';
import { root } from './root.mjs';

/** src → dist: the types file by file, the library and the command line as a few files each. */
export async function buildTypeScript() {
  const staging = `build/dist-${process.pid}`;
  try {
    emitTypes(staging);
    await bundleLibrary(`${staging}/library`);
    await addCommandLine(staging);
    addLicences(staging);
    replaceDist(staging);
    addCodeCache();
  } finally {
    rmSync(join(root, staging), { recursive: true, force: true });
  }
}

function emitTypes(folder) {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const parameters = [compiler, '-p', 'tsconfig.build.json', '--outDir', folder];
  const result = spawnSync(process.execPath, parameters, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) {
    throw new BuildError('src does not compile: see the messages above');
  }
}

async function addCommandLine(folder) {
  const output = `${folder}/cli`;
  rmSync(join(root, output), { recursive: true, force: true }); // nobody imports it, so that nobody needs its types
  const program = await bundleCommandLine(output);
  writeFileSync(join(root, output, 'package.json'), '{ "type": "commonjs" }\n');
  makeProgram(program);
}

/** Of what is in the bundles; who passes them on passes these on. */
function addLicences(folder) {
  for (const name of ['valibot']) {
    copyFileSync(join(root, 'node_modules', name, 'LICENSE.md'), join(root, folder, `LICENSE-${name}.md`));
  }
}

/** Only where everything is in its place: the addon is found from there. Without it commands start as well, but later. */
function addCodeCache() {
  const script = join(root, 'scripts/compile/code-cache.mjs');
  const result = spawnSync(process.execPath, [script, join(root, 'dist/cli')], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  if (result.status !== 0) {
    console.warn(`isol8: the command line was not compiled beforehand: ${result.error ?? result.stderr}`);
  }
}

/**
 * Node takes `--env-file` and its like for its own also behind the script's name, and with them code from a file that
 * the program's arguments name (nodejs/node#54232); a `--` before the script stops it. Since Node 22 it looks for
 * `--experimental-config-file` behind the `--` too, so that such arguments are disguised by a colon, which src/cli/main.ts
 * takes off again. A first line cannot hold two arguments for env(1), whose -S busybox lacks. So the first line is a
 * shell's, and the second is both languages': in JavaScript a string and a comment, in sh a command that does nothing, and more.
 * Ahead of the arguments it says what Node will have changed before it runs any code: signals that are ignored, which is the 31st
 * word behind the name in proc_pid_stat(5), and the soft limit of open files.
 */
const DISGUISE = 'case $isol8_each in :*|--experimental-*)';
const HEAD = `#!/bin/sh
':' //; ${[
  `isol8_head=; isol8_note() { isol8_head=:\${31}:$(ulimit -Sn); }`,
  `case $1 in run|unshare|enter) { read -r isol8_stat < /proc/self/stat; } 2>/dev/null; isol8_note \${isol8_stat##*) };; esac`,
  `isol8_any=; for isol8_each do ${DISGUISE} isol8_any=1;; esac; done`,
  `[ -z "$isol8_any" ] || { for isol8_each do shift; ${DISGUISE} isol8_each=:$isol8_each;; esac; set -- "$@" "$isol8_each"; done; }`,
  `isol8_head=\${isol8_head:-\${isol8_any:+:}}; [ -z "$isol8_head" ] || set -- "$isol8_head" "$@"`,
  'exec node -- "$0" "$@"',
].join('; ')}
`;
const SOURCE_HEAD = '#!/usr/bin/env node\n';

function makeProgram(path) {
  const text = readFileSync(path, 'utf8');
  if (!text.startsWith(SOURCE_HEAD)) {
    throw new BuildError(`src/cli/start.ts must begin with ${SOURCE_HEAD}`);
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
