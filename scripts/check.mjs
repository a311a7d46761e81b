/** `npm run check`: everything that looks at the sources without running them, at the same time; fails when one does. */
import { spawn } from 'node:child_process';
import { root } from './compile/root.mjs';

/** @type {Record<string, string[]>} */
const checks = {
  lint: ['node_modules/@biomejs/biome/bin/biome', 'check', '.'],
  types: ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'],
  unused: ['node_modules/knip/bin/knip.js'],
  generated: ['--import', 'tsx', 'scripts/generate.ts', '--check'],
};

/** Runs one and prints all that it says when it has ended, so that the four do not talk into each other. */
function run(name, args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => chunks.push(chunk));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      process.stdout.write(`${name}: ${code === 0 ? 'ok' : 'FAILED'}\n${Buffer.concat(chunks)}`);
      resolve(code === 0);
    });
  });
}

const passed = await Promise.all(Object.entries(checks).map(([name, args]) => run(name, args)));
process.exitCode = passed.every(Boolean) ? 0 : 1;
