/** Where Bun is once `npm ci --prefix runtimes` has run. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../compile/root.mjs';

const modules = join(root, 'runtimes/node_modules');

export function findBun() {
  const processor = process.arch === 'arm64' ? 'aarch64' : process.arch;
  return [`bun-linux-${processor}`, `bun-linux-${processor}-musl`]
    .map((name) => join(modules, '@oven', name, 'bin/bun'))
    .find((path) => existsSync(path));
}
