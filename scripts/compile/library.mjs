/**
 * The library as a few ES modules: its three hundred would take four times as long to import, and as many descriptors at a
 * time. What is imported late is in files of its own, and so is what it shares with the rest.
 */
import { join } from 'node:path';
import { root } from './root.mjs';

export async function bundleLibrary(folder) {
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: ['src/index.ts'],
    outdir: join(root, folder),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    // Larger than everything else, and for graph() and for Namespace.fetch alone.
    external: ['@hpcc-js/wasm-graphviz', 'undici'],
    legalComments: 'none',
    logLevel: 'error',
  });
}
