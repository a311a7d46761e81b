import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { buildSync } from 'esbuild';
import { skip } from '../kernel/caller.js';

const root = new URL('../..', import.meta.url).pathname;
const modules = `${root}runtimes/node_modules`;

/** This Node, and what `npm ci --prefix runtimes` has installed, if that was done: then all of it must be there. */
function runtimes(): Record<string, string> {
  const own = { [`Node ${process.versions.node}`]: process.execPath };
  if (!existsSync(modules)) return own;
  const folder = readdirSync(`${modules}/@oven`).find((name) => name.startsWith('bun-linux-'));
  const others = { 'Node 22': `${modules}/node22/bin/node`, 'Node 24': `${modules}/node24/bin/node` };
  return { ...own, ...others, Bun: `${modules}/@oven/${folder}/bin/bun` };
}

const PROGRAMS = {
  'run, spawn, streams and terminals': 'library-program',
  'sockets in another network': 'sockets-program',
};

for (const [title, program] of Object.entries(PROGRAMS))
  describe(title, { skip }, () => {
    const outfile = `${root}build/test/${program}-${process.pid}.mjs`;
    buildSync({
      ...{ entryPoints: [`${root}test/runtimes/${program}.ts`], outfile, external: ['undici'] },
      ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20' },
    });
    after(() => rmSync(outfile));

    for (const [name, path] of Object.entries(runtimes())) {
      it(`work under ${name}`, (t) => {
        const { status, stdout, stderr, error } = spawnSync(path, [outfile], {
          encoding: 'utf8',
          timeout: 100_000,
        });
        for (const line of stdout.trim().split('\n')) t.diagnostic(line);
        assert.equal(status, 0, `${error ?? ''}${stderr}`);
      });
    }
  });
