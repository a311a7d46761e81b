import assert from 'node:assert/strict';
import { spawn as spawnChild, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { run, spawn } from '../../src/index.js';
import { skip } from './caller.js';
import { children, descriptors, threads, whenNone } from './lifecycle-census.js';
import { bundle } from './lifecycle-victim.js';

/** `count` times, so many at a time. */
async function many(count: number, atATime: number, work: () => Promise<unknown>): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function residentMegabytes(): number {
  collectGarbage();
  return process.memoryUsage.rss() / 2 ** 20;
}

function census() {
  return { descriptors: descriptors(), children: children(), threads: threads() };
}

/** Streams close a moment after the process has ended, also those of what ran before. */
async function sameAs(before: ReturnType<typeof census>): Promise<void> {
  const more = (): string[] => {
    const now = census();
    return [
      ...now.descriptors.filter((each) => !before.descriptors.includes(each)),
      ...now.children.filter((pid) => !before.children.includes(pid)).map((pid) => `child ${pid}`),
      ...(now.threads > before.threads ? [`${now.threads} threads, not ${before.threads}`] : []),
    ];
  };
  assert.deepEqual(await whenNone(more), []);
}

describe('this process', { skip }, () => {
  it('grows in nothing by 1,000 spawns, 32 at a time', async (t) => {
    const one = () => run(['true']);
    await many(100, 32, one);
    const before = census();
    const start = performance.now();
    await many(1000, 32, one);
    t.diagnostic(`${Math.round(1000 / ((performance.now() - start) / 1000))} a second`);
    await sameAs(before);
  });

  it('comes to a size at which 500 more spawns need no more memory', async () => {
    const rounds: number[] = [];
    do {
      const before = residentMegabytes();
      await many(500, 32, () => run(['true']));
      rounds.push(residentMegabytes() - before);
    } while (rounds.length < 6 && (rounds.at(-1) as number) > 2);
    assert.ok((rounds.at(-1) as number) <= 2, `each 500 took, in MB: ${rounds}`);
  });

  it('keeps nothing of programs that write nothing, or whose output is thrown away', async () => {
    await run(['true']);
    const before = census();
    await many(20, 4, async () => {
      const silent = await spawn(['true']);
      await silent.exited;
      await using _talking = await spawn(['sh', '-c', 'echo a; echo b >&2; exec sleep 60']);
      await using _terminal = await spawn(['sh', '-c', 'echo a; sleep 60'], { tty: true });
    });
    await sameAs(before);
  });

  it('keeps nothing of specs and programs that fail', async () => {
    await run(['true']);
    const before = census();
    await assert.rejects(spawn(['/nonexistent']), { code: 'ENOENT', syscall: 'execve' });
    await assert.rejects(spawn(['true'], { cwd: '/nonexistent' }), { code: 'ENOENT', field: 'cwd' });
    await assert.rejects(spawn(['true'], { cwd: '/nonexistent', tty: true }), { code: 'ENOENT' });
    await assert.rejects(spawn(['true'], { stdio: ['pipe', 'pipe', 'pipe', 999] }), { field: 'stdio[3]' });
    await assert.rejects(spawn(['true'], { namespaces: { net: { pid: 2 ** 30 } } }));
    await sameAs(before);
  });

  it('reaps no child that is not ours, nor do forks of its own disturb', async () => {
    await run(['true']);
    const before = census();
    const other = async (): Promise<void> => {
      const child = spawnChild('sh', ['-c', 'exit 3'], { stdio: 'ignore' });
      assert.deepEqual(await once(child, 'exit'), [3, null]);
    };
    const mixed = [() => run(['true'], { stdio: 'ignore' }), other];
    let turn = 0;
    await many(400, 16, () => (mixed[turn++ % 2] as () => Promise<unknown>)());
    await sameAs(before);
  });

  it('lets the caller close what it passes on as soon as spawn has returned', async () => {
    const descriptor = openSync('/etc/hostname', 'r');
    const result = run(['cat', '/dev/fd/3'], { stdio: ['ignore', 'pipe', 'pipe', descriptor] });
    closeSync(descriptor);
    const other = openSync('/dev/null', 'r');
    assert.notEqual((await result).stdout, '');
    closeSync(other);
  });
});

describe('a process with few descriptors', { skip }, () => {
  const scripts: string[] = [];
  after(() => {
    for (const path of scripts) rmSync(path);
  });

  it('is told EMFILE, loses nothing and recovers', () => {
    scripts.push(bundle('lifecycle-victim-emfile.ts'));
    for (const extra of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const limited = [
        '-c',
        `ulimit -n ${46 + extra}; exec "$@"`,
        'sh',
        process.execPath,
        scripts[0] as string,
      ];
      const { status, stdout, stderr } = spawnSync('sh', limited, { encoding: 'utf8', timeout: 100_000 });
      assert.equal(status, 0, `${stdout}${stderr}`);
      assert.match(stdout, /^\d+ refused, then all was well\n$/);
    }
  });
});
