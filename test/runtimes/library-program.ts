/** The library as another runtime has it: every check prints a line, and the first that fails ends it all. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, spawn } from '../../src/index.js';

const MEGABYTES = 256;
const CHUNK = Buffer.alloc(2 ** 20, 'isol8 streams! \n');
const descriptors = (): number => readdirSync('/proc/self/fd').length;

async function digest(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}

function expectedDigest(): string {
  const hash = createHash('sha256');
  for (let count = 0; count < MEGABYTES; count++) hash.update(CHUNK);
  return hash.digest('hex');
}

const checks: Record<string, () => Promise<void>> = {
  async 'run captures what a program in eight new namespaces writes'() {
    const script = 'hostname; echo $$; cat /proc/1/comm; echo error >&2; exit 7';
    const result = await run(['sh', '-c', script], { hostname: 'children' });
    assert.deepEqual(result, {
      ...{ stdout: 'children\n2\nisol8-init\n', stderr: 'error\n', exitCode: 7 },
      ...{ signal: null, timedOut: false, truncated: false },
    });
  },
  async 'run gives input'() {
    assert.equal((await run(['cat'], { input: 'in' })).stdout, 'in');
    const input = 'x'.repeat(3_000_000);
    assert.equal((await run(['cat'], { input })).stdout.length, input.length);
  },
  async 'an error names its step'() {
    await assert.rejects(run(['/nonexistent']), { code: 'ENOENT', syscall: 'execve' });
  },
  async 'a large output arrives whole'() {
    await using child = await spawn([
      'sh',
      '-c',
      `yes 'isol8 streams! ' | head -c ${MEGABYTES * CHUNK.length}`,
    ]);
    assert.equal(await digest(child.stdout as Readable), expectedDigest());
  },
  async 'a large input arrives whole, a drain at a time'() {
    await using child = await spawn(['sha256sum']);
    for (let count = 0; count < MEGABYTES; count++) {
      if (!child.stdin?.write(CHUNK)) await once(child.stdin as NonNullable<typeof child.stdin>, 'drain');
    }
    child.stdin?.end();
    let sum = '';
    for await (const chunk of child.stdout as Readable) sum += chunk;
    assert.equal(sum.split(' ')[0], expectedDigest());
  },
  async 'a program that has closed its input gives EPIPE'() {
    await using child = await spawn(['sh', '-c', 'exec <&-; echo closed; sleep 60']);
    const error = once(child.stdin as NonNullable<typeof child.stdin>, 'error');
    // The launcher has the other end too, until it has ended.
    const writing = setInterval(() => child.stdin?.write('x'), 5);
    assert.equal((await error)[0].code, 'EPIPE');
    clearInterval(writing);
  },
  async 'further descriptors are pipes too'() {
    await using child = await spawn(['sh', '-c', 'echo three >&3'], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    let text = '';
    for await (const chunk of child.stdio[3] as Readable) text += chunk;
    assert.equal(text, 'three\n');
  },
  async 'signals, limits and an AbortSignal end a program'() {
    const child = await spawn(['sleep', '60'], { stdio: 'ignore' });
    child.kill();
    assert.equal((await child.exited).signal, 'SIGTERM');
    assert.equal((await run(['sleep', '60'], { timeout: 0.1 })).timedOut, true);
    const reason = new Error('enough');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    await assert.rejects(run(['sleep', '60'], { signal: controller.signal }), reason);
  },
  async 'a time limit bounds what others hold open, and is not reached by what is over'() {
    const left = await run(['sh', '-c', 'echo out; sleep 5 & exit 3'], {
      namespaces: ['user'],
      timeout: 0.5,
    });
    assert.deepEqual([left.stdout, left.exitCode, left.timedOut], ['out\n', 3, true]);
    const busy = run(['sh', '-c', 'echo out; exit 3'], { timeout: 0.3 });
    for (const end = performance.now() + 600; performance.now() < end; );
    const { stdout, exitCode, timedOut } = await busy;
    assert.deepEqual([stdout, exitCode, timedOut], ['out\n', 3, false]);
  },
  async 'a standard input that nobody can write to ends'() {
    assert.equal((await run(['sh', '-c', 'cat; echo end'], { stdio: 'pipe' })).stdout, 'end\n');
    const { stdout } = await run(['sh', '-c', 'stty -echo; cat; echo end'], { tty: true, input: 'x\n' });
    assert.match(stdout, /x\r\nend\r\n$/);
  },
  async 'a terminal takes keys, resizes and ends'() {
    const script = 'tty >/dev/null && echo yes; stty size; read line; echo "got $line"; stty size';
    await using child = await spawn(['sh', '-c', script], { tty: { columns: 90, rows: 20 } });
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += chunk;
      if (text.endsWith('20 90\r\n')) {
        child.resize({ columns: 70, rows: 10 });
        child.stdin?.write('hello\n');
      }
    });
    await once(child.stdout as Readable, 'end');
    assert.equal(text, 'yes\r\n20 90\r\nhello\r\ngot hello\r\n10 70\r\n');
    assert.equal((await child.exited).exitCode, 0);
  },
  async 'a terminal loses nothing of what came last'() {
    for (let round = 0; round < 5; round++) {
      const { stdout } = await run(['seq', '50000'], { tty: true });
      assert.equal(stdout.slice(-7), '50000\r\n');
      assert.equal(stdout.length, 338_894);
    }
  },
  async 'no descriptor is left'() {
    const mixed = async (): Promise<void> => {
      await run(['true']);
      await run(['cat'], { input: 'x' });
      await run(['echo', 'x'], { tty: true });
      await using _further = await spawn(['true'], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
      await using _child = await spawn(['sh', '-c', 'echo a; sleep 60']);
    };
    for (let round = 0; round < 3; round++) await mixed();
    await sleep(100);
    const before = descriptors();
    for (let round = 0; round < 20; round++) await mixed();
    for (let tries = 0; tries < 100 && descriptors() > before; tries++) await sleep(10);
    assert.ok(descriptors() <= before, `${before} before, ${descriptors()} now`);
  },
};

for (const [title, check] of Object.entries(checks)) {
  await check().catch((error) => {
    console.error(`not ok: ${title}:`, error);
    process.exit(1);
  });
  console.log(`ok: ${title}`);
}
