/** The C references and the measured Node process, built anew for every run in a folder that is removed afterwards. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const fromBench = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const FLAGS = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', `-I${fromBench('../native/include')}`];
const WITHOUT_LIBC = ['-static', '-nostdlib', '-ffreestanding', '-fno-stack-protector'];

interface Recipe {
  readonly flags: readonly string[];
  readonly sources: readonly string[];
}

const RECIPES = {
  bareTrue: { flags: [...WITHOUT_LIBC, '-DBARE'], sources: ['true.c'] },
  libcTrue: { flags: ['-static'], sources: ['true.c'] },
  processTree: { flags: ['-static'], sources: ['process-tree.c', 'set-up.c'] },
  helper: { flags: WITHOUT_LIBC, sources: ['helper.c', 'set-up.c'] },
  population: { flags: ['-static'], sources: ['population.c'] },
  wire: { flags: ['-static'], sources: ['wire.c'] },
  request: { flags: ['-static'], sources: ['request.c'] },
  timeCommand: { flags: ['-static'], sources: ['time-command.c'] },
} satisfies Record<string, Recipe>;

export type CompiledName = keyof typeof RECIPES;

export class Compiled implements AsyncDisposable {
  private constructor(
    private readonly folder: string,
    /** The measured Node process as one plain JavaScript file: no loader in it that would slow down a fork. */
    readonly measured: string,
  ) {}

  static async make(): Promise<Compiled> {
    const folder = await mkdtemp(join(tmpdir(), 'isol8-bench-'));
    try {
      for (const [name, recipe] of Object.entries(RECIPES)) compileC(join(folder, name), recipe);
      const measured = join(folder, 'measured.mjs');
      await bundle(measured);
      await transpile(folder);
      return new Compiled(folder, measured);
    } catch (error) {
      await rm(folder, { recursive: true });
      throw error;
    }
  }

  path(name: CompiledName): string {
    return join(this.folder, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

function compileC(output: string, { flags, sources }: Recipe): void {
  const files = sources.map((source) => fromBench(`reference/${source}`));
  execFileSync('cc', [...FLAGS, ...flags, '-o', output, ...files], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

async function bundle(outfile: string): Promise<void> {
  const entryPoints = [fileURLToPath(new URL('./measured/main.ts', import.meta.url))];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20' });
}

/** Every module of the library by itself, for what is measured of its inside; the addon is found from where they are. */
async function transpile(folder: string): Promise<void> {
  const sources = readdirSync(fromBench('../src'), { recursive: true, encoding: 'utf8' });
  const entryPoints = sources
    .filter((path) => path.endsWith('.ts'))
    .map((path) => fromBench(`../src/${path}`));
  const outdir = join(folder, 'modules');
  await build({
    entryPoints,
    outdir,
    outbase: fromBench('../src'),
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  for (const name of ['node_modules', 'prebuilds'])
    await symlink(fromBench(`../${name}`), join(folder, name));
}
