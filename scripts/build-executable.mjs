/**
 * `npm run build:executable` → build/isol8: command line, addon and launcher in one file, by Bun's compiler.
 * Whoever runs it needs neither Node nor Bun. With `-- --empty` also build/empty, a program that does nothing: what the
 * runtime itself takes, for `npm run bench`.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { BuildError } from './compile/compiler.mjs';
import { buildNative } from './compile/native.mjs';
import { root } from './compile/root.mjs';
import { findBun } from './executable/find-bun.mjs';

const staging = join(root, 'build/executable');
const addonModule = join(staging, 'src/syscalls/addon.ts');
const embeddedModule = join(root, 'scripts/executable/addon-embedded.ts');

const compilerFlags = [
  ...['--compile', '--minify', '--bytecode', '--format=esm', '--splitting'],
  // A command is over before compiled code could pay: a tenth of its start went into making it.
  ...['--compile-jit-policy', '1000'],
  // Every chunk that a command loads takes some time of its own; what of a chunk is not called stays unread all the same.
  ...['--min-chunk-size', '100000000'],
  // Without these two a bunfig.toml or .env in the caller's working directory runs code, or sets variables.
  ...['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'],
];

/** Bun's own package, without its install script: the binary is in the package of this platform. */
function installBun() {
  if (findBun() === undefined) {
    console.log(
      'isol8: installing the compiler: npm ci --prefix runtimes (once, about 500 MB with its Nodes)',
    );
    const parameters = ['ci', '--ignore-scripts', '--prefix', join(root, 'runtimes')];
    spawnSync('npm', parameters, { cwd: root, stdio: 'inherit' });
  }
  const bun = findBun();
  if (bun === undefined) {
    throw new BuildError('Bun is not there: npm ci --prefix runtimes must succeed first');
  }
  return bun;
}

/** A copy of src in which the module that locates the addon is the one that embeds it. */
function stageSources() {
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  cpSync(join(root, 'src'), join(staging, 'src'), { recursive: true });
  assertSameExports(addonModule, embeddedModule);
  copyFileSync(embeddedModule, addonModule);
  const addon = `prebuilds/linux-${process.arch}/isol8.node`;
  copyFileSync(join(root, addon), join(staging, 'src/syscalls/isol8.node'));
}

/** The compiler would leave a missing function undefined until some command calls it. */
function assertSameExports(original, replacement) {
  const [wanted, offered] = [original, replacement].map((path) =>
    [...readFileSync(path, 'utf8').matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm)]
      .map((match) => match[1])
      .sort()
      .join(', '),
  );
  if (wanted !== offered) {
    throw new BuildError(`${original} exports ${wanted}, but ${replacement} exports ${offered}`);
  }
}

function compileExecutable(bun, source, output) {
  const parameters = ['build', ...compilerFlags, source, '--outfile', output];
  const result = spawnSync(bun, parameters, { cwd: staging, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.status !== 0 || !existsSync(join(staging, output))) {
    throw new BuildError(`Bun could not compile ${source}: see the messages above`);
  }
  // Not written in place: an isol8 that is running keeps its file.
  renameSync(join(staging, output), join(root, 'build', output));
  console.log(`isol8: build/${output}`);
}

try {
  const bun = installBun();
  buildNative(process.arch);
  stageSources();
  compileExecutable(bun, 'src/cli/main.ts', 'isol8');
  if (process.argv.includes('--empty')) {
    writeFileSync(join(staging, 'empty.ts'), 'process.exit(0);\n');
    compileExecutable(bun, 'empty.ts', 'empty');
  }
} catch (error) {
  console.error(`isol8: ${error instanceof BuildError ? error.message : error.stack}`);
  process.exitCode = 1;
}
