/**
 * The command line in a few CommonJS files, because start-up is what a command costs: 60 ES modules are 11 ms on Node 20,
 * split ES chunks 5, one file 1; and a megabyte that nobody runs has to be parsed all the same, which is another 15. So
 * command.js has what run, unshare and enter need on their way, and later.js the rest, from which each module is evaluated
 * only when somebody asks for it. Whoever has some code twice still has one set of errors to tell apart: shared.js. The
 * program, main.js, starts command.js as a function that is compiled already.
 */
import { dirname, join, relative, resolve } from 'node:path';
import { root } from './root.mjs';

/** Commands that end by becoming the launcher. Any other `await import()` on their way leads to later.js. */
const SOON = ['run', 'unshare', 'enter'].map((name) => `src/cli/commands/${name}.ts`);
/** Classes that one file asks about what another has thrown, and what one has noted for another. */
const SHARED = ['src/foundation/errors.ts', 'src/sandbox/step-error.ts', 'src/syscalls/inherited.ts'];

const IMPORT_META_URL =
  "'use strict';\nconst importMetaUrl = require('node:url').pathToFileURL(__filename).href;";

const sourceOf = (specifier, importer) =>
  relative(root, resolve(dirname(importer), specifier)).replace(/\.js$/, '.ts');

/** They are required from their file. */
const sharedModules = {
  name: 'shared-modules',
  setup(build) {
    build.onResolve({ filter: /(errors?|inherited)\.js$/ }, ({ path, importer }) =>
      SHARED.includes(sourceOf(path, importer)) ? { path: './shared.js', external: true } : undefined,
    );
  },
};

/** What is imported late is required from later.js; `modules` hears of it. */
const importedLater = (modules) => ({
  name: 'imported-later',
  setup(build) {
    build.onResolve({ filter: /^\./ }, ({ path, importer, kind }) => {
      const source = sourceOf(path, importer);
      if (kind !== 'dynamic-import' || SOON.includes(source)) return undefined;
      modules.add(source);
      return { path: source, namespace: 'later' };
    });
    build.onResolve({ filter: /^\.\/later\.js$/, namespace: 'later' }, () => ({
      path: './later.js',
      external: true,
    }));
    build.onLoad({ filter: /.*/, namespace: 'later' }, ({ path }) => ({
      contents: `module.exports = require('./later.js')[${JSON.stringify(path)}]();`,
    }));
  },
});

/** Gives the path of the program. */
export async function bundleCommandLine(folder) {
  const { build } = await import('esbuild');
  const options = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // Larger than everything else, and for isol8 graph and for Namespace.fetch alone.
    external: ['@hpcc-js/wasm-graphviz', 'undici'],
    target: 'node20.19',
    legalComments: 'none',
    logLevel: 'error',
    banner: { js: IMPORT_META_URL },
    define: { 'import.meta.url': 'importMetaUrl' },
  };
  const later = new Set();
  const plugins = [importedLater(later), sharedModules];
  const wrapped = {
    banner: { js: `(function (exports, require, module, __filename, __dirname) { ${IMPORT_META_URL}` },
    footer: { js: '})' },
    outfile: join(root, folder, 'command.js'),
  };
  await build({ ...options, ...wrapped, plugins, entryPoints: ['src/cli/main.ts'] });
  const main = join(root, folder, 'main.js');
  await build({ ...options, banner: {}, entryPoints: ['src/cli/start.ts'], outfile: main });
  const fileOf = (name, lines) => ({
    stdin: { contents: lines.join('\n'), resolveDir: root },
    outfile: join(root, folder, name),
  });
  const getters = [...later].map(
    (source) => `exports[${JSON.stringify(source)}] = () => require('./${source}');`,
  );
  await build({ ...options, plugins: [sharedModules], ...fileOf('later.js', getters) });
  const modules = SHARED.map((source) => `export * from './${source}';`);
  await build({ ...options, ...fileOf('shared.js', modules) });
  return main;
}
