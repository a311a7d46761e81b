import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunSpec, run, spawn } from '../../src/index.js';
import { behind, isRoot, skip } from './caller.js';
import { descriptors, readProc, statOf, until } from './lifecycle-census.js';

const GIGABYTE = 2 ** 30;
const isRunning = (pid: number): boolean => !['Z', 'X', undefined].includes(statOf(pid)?.state);
const CHUNK = Buffer.alloc(2 ** 20, 'isol8 streams! \n');

const FIELDS: readonly (keyof RunSpec)[] = [
  ...(['input', 'maxBuffer', 'encoding', 'stdio', 'tty', 'signal', 'timeout', 'killSignal'] as const),
  ...(['namespaces', 'hostname', 'domainname', 'mapUsers', 'mapGroups', 'setgroups', 'root'] as const),
  ...(['readOnlyRoot', 'mounts', 'proc', 'propagation', 'loopback', 'timeOffsets', 'cwd', 'env'] as const),
  ...(['uid', 'gid', 'groups', 'umask', 'nice', 'rlimits', 'noNewPrivileges'] as const),
  ...(['keepCapabilities', 'init', 'dieWithParent'] as const),
];

async function text(stream: Readable | Writable | null | undefined): Promise<string> {
  let all = '';
  for await (const chunk of stream as Readable) all += chunk;
  return all;
}

function sha256OfGigabyte(): string {
  const hash = createHash('sha256');
  for (let size = 0; size < GIGABYTE; size += CHUNK.length) hash.update(CHUNK);
  return hash.digest('hex');
}

describe('pipes', { skip }, () => {
  it('bring a gigabyte of output whole', async () => {
    await using child = await spawn(['sh', '-c', `yes 'isol8 streams! ' | head -c ${GIGABYTE}`]);
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of child.stdout as Readable) {
      size += chunk.length;
      hash.update(chunk);
    }
    assert.equal(size, GIGABYTE);
    assert.equal(hash.digest('hex'), sha256OfGigabyte());
  });

  it('bring a gigabyte of input whole', async () => {
    await using child = await spawn(['sha256sum']);
    const stdin = child.stdin as Writable;
    for (let size = 0; size < GIGABYTE; size += CHUNK.length)
      if (!stdin.write(CHUNK)) await once(stdin, 'drain');
    stdin.end();
    assert.equal((await text(child.stdout)).split(' ')[0], sha256OfGigabyte());
    assert.equal((await child.exited).exitCode, 0);
  });

  it('stop a program whose output nobody reads', async () => {
    await using child = await spawn([
      'sh',
      '-c',
      'dd if=/dev/zero bs=64k count=16384 2>/dev/null; echo end >&2',
    ]);
    const before = process.memoryUsage.rss();
    await sleep(500);
    assert.equal(child.stderr?.read(), null, 'it has written all');
    assert.ok(process.memoryUsage.rss() - before < 50 * 2 ** 20);
    let size = 0;
    for await (const chunk of child.stdout as Readable) size += chunk.length;
    assert.equal(size, GIGABYTE);
    assert.equal(await text(child.stderr), 'end\n');
  });

  it('stop us when the program does not read', async () => {
    await using child = await spawn(['sh', '-c', 'read line; sleep 60']);
    const stdin = child.stdin as Writable;
    stdin.on('error', () => {});
    let written = 0;
    while (stdin.write(CHUNK) && written < 100) written++;
    assert.ok(written < 100, 'nothing held us back');
    assert.equal(
      await Promise.race([once(stdin, 'drain').then(() => 'drained'), sleep(300, 'full')]),
      'full',
    );
  });

  it('keep lines of many writers whole', async () => {
    const writers =
      'for w in 1 2 3 4 5 6 7 8; do (for i in $(seq 500); do echo "writer $w line $i"; done) & done; wait';
    const { stdout } = await run(['sh', '-c', writers]);
    const lines = stdout.trim().split('\n');
    assert.equal(lines.length, 4000);
    assert.equal(new Set(lines).size, 4000);
    for (const line of lines) assert.match(line, /^writer \d line \d+$/);
  });

  it('end with the program, and what it wrote last can be read afterwards', async () => {
    await using child = await spawn(['sh', '-c', 'echo out; echo err >&2']);
    await child.exited;
    assert.equal(await text(child.stdout), 'out\n');
    assert.equal(await text(child.stderr), 'err\n');
  });

  it('end for the program when we end them', async () => {
    await using child = await spawn(['sh', '-c', 'cat; echo "and that was it"']);
    child.stdin?.write('one\n');
    child.stdin?.end('two\n');
    assert.equal(await text(child.stdout), 'one\ntwo\nand that was it\n');
  });

  it('give EPIPE when the program has closed its end', async () => {
    await using child = await spawn(['sh', '-c', 'exec <&-; echo closed; sleep 60']);
    // The launcher has the other end too, until it has ended.
    const writing = setInterval(() => child.stdin?.write('x'), 5);
    const [error] = await once(child.stdin as Writable, 'error');
    clearInterval(writing);
    assert.equal(error.code, 'EPIPE');
  });

  it('end the program by SIGPIPE when we have closed ours', async () => {
    await using child = await spawn(['sh', '-c', 'exec yes']);
    await once(child.stdout as Readable, 'data');
    child.stdout?.destroy();
    assert.equal((await child.exited).signal, 'SIGPIPE');
  });

  it('may be more than three', async () => {
    const stdio = ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'] as const;
    await using child = await spawn(['sh', '-c', 'echo three >&3; echo four >&4; ls /proc/self/fd'], {
      stdio,
    });
    assert.equal(await text(child.stdio[3]), 'three\n');
    assert.equal(await text(child.stdio[4]), 'four\n');
    // ls has one of its own, for the directory.
    assert.equal(await text(child.stdout), '0\n1\n2\n3\n4\n5\n');
    assert.equal(child.stdin, null);
  });

  it('can be opened anew by name', async () => {
    const { stdout, stderr } = await run(
      ['sh', '-c', 'echo a > /dev/stdout; echo b > /dev/stderr; cat /dev/stdin'],
      { input: 'c' },
    );
    assert.deepEqual([stdout, stderr], ['a\nc', 'b\n']);
  });

  it('need no thread of the pool: many idle programs keep nothing waiting', async () => {
    const children = await Promise.all(Array.from({ length: 8 }, () => spawn(['sleep', '60'])));
    await import('node:fs/promises').then(({ stat }) => stat('/'));
    for (const { pid } of children) assert.ok(isRunning(pid), 'it was kept waiting until they had ended');
    await Promise.all(children.map((child) => child[Symbol.asyncDispose]()));
  });
});

describe('run', { skip }, () => {
  it('gives input and takes all output', async () => {
    const { stdout, stderr, exitCode } = await run(['sh', '-c', 'cat; echo error >&2; exit 3'], {
      input: 'in\n',
    });
    assert.deepEqual({ stdout, stderr, exitCode }, { stdout: 'in\n', stderr: 'error\n', exitCode: 3 });
    const bytes = await run(['cat'], { input: Uint8Array.of(0, 255, 10), encoding: 'buffer' });
    assert.deepEqual([...bytes.stdout], [0, 255, 10]);
    assert.equal((await run(['cat'], { input: '' })).stdout, '');
    assert.equal((await run(['cat'])).stdout, '');
  });

  it('takes a text that is cut within a character', async () => {
    const input = '€ünïcode'.repeat(50_000);
    assert.equal((await run(['cat'], { input })).stdout, input);
  });

  it('does not mind a program that leaves its input unread', async () => {
    const { exitCode } = await run(['sh', '-c', 'exit 4'], { input: Buffer.alloc(2 ** 22) });
    assert.equal(exitCode, 4);
  });

  it('kills a program that writes more than maxBuffer and keeps what came before', async () => {
    const count = descriptors().length;
    const { stdout, signal, truncated, timedOut } = await run(
      ['sh', '-c', 'while :; do echo 0123456789; done'],
      { maxBuffer: 1000 },
    );
    assert.deepEqual(
      { size: stdout.length, signal, truncated, timedOut },
      { size: 1000, signal: 'SIGKILL', truncated: true, timedOut: false },
    );
    const exact = await run(['printf', '12345'], { maxBuffer: 5 });
    assert.deepEqual([exact.stdout, exact.truncated, exact.exitCode], ['12345', false, 0]);
    assert.equal((await run(['sh', '-c', 'echo abc >&2; sleep 60'], { maxBuffer: 2 })).stderr, 'ab');
    assert.equal((await run(['true'], { maxBuffer: 0 })).truncated, false);
    await until(() => descriptors().length <= count, 'the descriptors of before');
  });

  if (isRoot)
    it('says that it may not kill it, where it has become another user', async () => {
      const caller = behind(['setpriv', '--bounding-set=-kill', '--inh-caps=-kill']);
      const other = { namespaces: [], uid: 4242, gid: 4242, maxBuffer: 2 };
      const outcome = caller.run(['sh', '-c', 'echo abc; exec sleep 2 > /dev/null'], other);
      const error = await outcome.catch((reason) => reason).finally(caller.close);
      assert.equal(error.code, 'EPERM');
      assert.match(error.message, /^pidfd_send_signal SIGKILL to \d+: EPERM$/);
    });

  it('waits for what the program has left behind holding its output, where that may live on', async () => {
    const spec = { namespaces: ['user', 'uts'] as const };
    const late = '(while kill -0 $$ 2>/dev/null; do sleep 0.02; done; echo late) &';
    const { stdout } = await run(['sh', '-c', `${late} echo early`], {
      namespaces: [...spec.namespaces],
    });
    assert.equal(stdout, 'early\nlate\n');
    assert.notEqual(readProc('self/stat'), '');
  });

  it('ends what nobody can write to, so that no program waits for it', async () => {
    const count = descriptors().length;
    const { stdout } = await run(['sh', '-c', 'cat; echo end'], { stdio: 'pipe' });
    assert.equal(stdout, 'end\n');
    const left: RunSpec = Object.fromEntries(FIELDS.map((field) => [field, undefined]));
    assert.equal(
      (await run(['sh', '-c', 'cat; echo end'], left)).stdout,
      'end\n',
      'what is undefined is left out',
    );
    assert.equal((await run(['sh', '-c', 'cat; echo end'], { tty: true })).stdout, 'end\r\n');
    await until(() => descriptors().length <= count, 'the descriptors of before');
  });

  it('types its input into a terminal, and the end of it', async () => {
    const typed = async (input: string): Promise<string> =>
      (await run(['sh', '-c', 'stty -echo; cat; echo end'], { tty: true, input })).stdout.replace(
        /^x*\r\n/,
        '',
      );
    for (const input of ['', 'x\n', 'x\ny\n', 'not a whole line'])
      assert.ok((await typed(input)).endsWith(`${input.split('\n').at(-1)}end\r\n`), input);
    const long = 'a line\n'.repeat(50_000);
    const { stdout } = await run(['sh', '-c', 'stty -echo; cksum'], { tty: true, input: long });
    assert.match(stdout, new RegExp(`${(await run(['cksum'], { input: long })).stdout.trim()}\r\n$`));
  });

  it('refuses streams that nobody could reach, and input that nothing takes', async () => {
    const refused = (spec: RunSpec, field: string) =>
      assert.rejects(run(['true'], spec), { name: 'SpecError', field });
    await refused({ stdio: ['ignore', 'pipe', 'pipe', 'pipe'] }, 'stdio[3]');
    await refused({ stdio: ['ignore', 'pipe', 'pipe', 'ignore', 'pipe'] }, 'stdio[4]');
    for (const stdio of ['ignore', 'inherit', ['ignore'], [0], [{ fd: 0 }]] as const)
      await refused({ stdio, input: 'x' }, 'input');
  });

  it('refuses what it does not understand', async () => {
    await assert.rejects(run(['true'], { maxBuffer: -1 }), { field: 'maxBuffer' });
    await assert.rejects(run(['true'], { input: 5 as never }), { field: 'input' });
    await assert.rejects(run(['true'], { encoding: 'latin1' as never }), { field: 'encoding' });
  });
});
