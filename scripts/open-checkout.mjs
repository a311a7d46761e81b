/**
 * Tests run some programs as other users, who must be able to read them. A checkout below a closed folder, as homes
 * are, is copied to where they can.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const NOT_COPIED = ['.git', 'build'];

/** The folder to run tests from, and what removes it. */
export function openCheckout(root) {
  if (isOpenToAll(root)) {
    return { folder: root, remove() {} };
  }
  const folder = mkdtempSync(join(tmpdir(), 'isol8-test-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const parts = readdirSync(root).filter((name) => !NOT_COPIED.includes(name));
    execFileSync('cp', ['-a', '--reflink=auto', ...parts.map((name) => join(root, name)), folder]);
    execFileSync('chmod', ['-R', 'go+rX', folder]);
  } catch (error) {
    remove();
    throw error;
  }
  return { folder, remove };
}

function isOpenToAll(path) {
  const parent = dirname(path);
  return (statSync(path).mode & 0o001) !== 0 && (parent === path || isOpenToAll(parent));
}
