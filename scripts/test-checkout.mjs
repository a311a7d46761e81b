/**
 * Where tests run: a copy of the checkout in which each TypeScript file has its JavaScript beside it. Compiling all of them
 * takes a second and a half; having them compiled while they are loaded takes each of a thousand processes a third of one.
 * Other users must be able to read it too, as tests run programs by them.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';

const NOT_THERE = ['.git', 'build'];
/** Large, and nobody changes them. */
const LINKED = ['node_modules', 'runtimes'];
const COMPILED = ['src', 'test', 'examples', 'scripts'];

/** The folder to run tests from, and what removes it. */
export function testCheckout(root) {
  const folder = mkdtempSync(join(tmpdir(), 'isol8-test-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    copy(root, folder);
    compile(root, folder);
    execFileSync('chmod', ['-R', 'go+rX', folder]);
  } catch (error) {
    remove();
    throw error;
  }
  return { folder, remove };
}

function copy(root, folder) {
  const linked = isOpenToAll(root) ? LINKED : [];
  const present = readdirSync(root).filter((name) => !NOT_THERE.includes(name));
  for (const name of present.filter((one) => linked.includes(one))) {
    symlinkSync(join(root, name), join(folder, name));
  }
  const copied = present.filter((name) => !linked.includes(name));
  execFileSync('cp', ['-a', '--reflink=auto', ...copied.map((name) => join(root, name)), folder]);
}

/** Stacks lead to the checkout itself. */
function compile(root, folder) {
  const sources = COMPILED.flatMap((name) =>
    readdirSync(join(root, name), { recursive: true })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join(root, name, path)),
  );
  buildSync({
    ...{ entryPoints: sources, outbase: root, outdir: folder, absWorkingDir: root },
    ...{ format: 'esm', platform: 'node', target: 'node20', sourcemap: 'linked', logLevel: 'error' },
  });
}

function isOpenToAll(path) {
  const parent = dirname(path);
  return (statSync(path).mode & 0o001) !== 0 && (parent === path || isOpenToAll(parent));
}
