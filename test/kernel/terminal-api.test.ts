import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { type Process, run, type SpawnSpec, spawn } from '../../src/index.js';
import { skip } from './caller.js';
import { descendants, descriptors, readProc, until, whenNone } from './lifecycle-census.js';

/** What a program writes to its terminal, and a wait for a part of it. */
class Screen implements AsyncDisposable {
  text = '';
  readonly child: Process;

  constructor(child: Process) {
    this.child = child;
    (child.stdout as Readable).setEncoding('utf8').on('data', (chunk: string) => {
      this.text += chunk;
    });
  }

  /** Waits until the pattern appears after what was waited for before. */
  async see(pattern: RegExp): Promise<RegExpMatchArray> {
    await until(() => pattern.test(this.text), `${pattern} in ${JSON.stringify(this.text)}`);
    const match = this.text.match(pattern) as RegExpMatchArray;
    this.text = this.text.slice((match.index as number) + match[0].length);
    return match;
  }

  type(keys: string): void {
    this.child.stdin?.write(keys);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.child[Symbol.asyncDispose]();
  }
}

async function onTerminal(command: string[], spec: SpawnSpec = {}): Promise<Screen> {
  return new Screen(await spawn(command, { tty: true, ...spec }));
}

/** Whether it is the second sleep, and the keys of its terminal go to it: proc(5), pgrp and tpgid. */
function isForeground(pid: number): boolean {
  const stat = readProc(`${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return readProc(`${pid}/cmdline`) === 'sleep\0' + '62\0' && fields[2] === fields[5];
}

describe('a program with a terminal', { skip }, () => {
  it('has it as 0, 1 and 2 and as controlling terminal', async () => {
    const script =
      'test -t 0 && test -t 1 && test -t 2 && echo all; tty; echo again > /dev/tty; ps -o tty= -p $$ | tr -d "?" | wc -w';
    const { stdout, stderr } = await run(['sh', '-c', script], { tty: true });
    assert.match(stdout, /^all\r\n.+\r\nagain\r\n/);
    assert.equal(stderr, '');
  });

  it('has no other descriptor', async () => {
    const { stdout } = await run(['ls', '/proc/self/fd'], { tty: { columns: 20, rows: 5 } });
    assert.deepEqual(stdout.trim().split(/\s+/), ['0', '1', '2', '3']);
  });

  it('knows its size, and is told a new one by SIGWINCH', async () => {
    const script = 'trap "stty size" WINCH; stty size; while :; do sleep 0.05; done';
    await using screen = await onTerminal(['sh', '-c', script], { tty: { columns: 100, rows: 30 } });
    await screen.see(/30 100\r\n/);
    screen.child.resize({ columns: 132, rows: 43 });
    await screen.see(/43 132\r\n/);
    const { stdout } = await run(['stty', 'size'], { tty: true });
    assert.equal(stdout, '24 80\r\n');
  });

  it('has the size of the call, whatever becomes of the object that said it', async () => {
    const size = { columns: 101, rows: 31 };
    const first = run(['stty', 'size'], { tty: size });
    Object.assign(size, { columns: 7, rows: 7 });
    assert.equal((await first).stdout, '31 101\r\n');
    assert.equal((await run(['stty', 'size'], { tty: { columns: 101, rows: 31 } })).stdout, '31 101\r\n');
  });

  it('is interrupted by Ctrl-C, stopped by Ctrl-Z and ended by Ctrl-D', async () => {
    await using screen = await onTerminal([
      'sh',
      '-c',
      'trap "echo interrupted" INT; echo up; read line; cat; echo "end of file"',
    ]);
    await screen.see(/up/);
    screen.type('\x03');
    await screen.see(/interrupted/);
    screen.type('\n\x04');
    await screen.see(/end of file/);
    assert.equal((await screen.child.exited).exitCode, 0);
  });

  it('dies by SIGINT of Ctrl-C when it does not catch it', async () => {
    await using screen = await onTerminal(['sh', '-c', 'echo up; exec sleep 60']);
    await screen.see(/up/);
    screen.type('\x03');
    assert.equal((await screen.child.exited).signal, 'SIGINT');
  });

  it('may be a shell with job control', async () => {
    await using screen = await onTerminal(['bash', '--norc', '--noprofile', '-i'], {
      env: { PS1: '$ ', TERM: 'dumb', PATH: process.env.PATH },
    });
    await screen.see(/\$ /);
    screen.type('set -o | grep monitor\n');
    await screen.see(/monitor\s+on/);
    screen.type('sleep 61 & jobs\n');
    await screen.see(/\[1\]\+?\s+Running/);
    screen.type('sleep 62\n');
    await until(() => descendants(screen.child.pid).some(isForeground), 'sleep 62 is in the foreground');
    screen.type('\x1a');
    await screen.see(/Stopped\s+sleep 62/);
    screen.type('bg; echo back\n');
    await screen.see(/back\r\n/);
    screen.type('kill %1 %2; exit 12\n');
    assert.equal((await screen.child.exited).exitCode, 12);
  });

  it('is hung up when we let go of the terminal', async () => {
    await using child = await spawn(['sh', '-c', 'echo up; exec sleep 60'], { tty: true });
    await once(child.stdout as Readable, 'data');
    child.stdout?.destroy();
    assert.equal((await child.exited).signal, 'SIGHUP');
  });

  it('loses nothing of a long output, and its end is the end of the stream', async () => {
    const { stdout } = await run(['seq', '200000'], { tty: true });
    assert.equal(
      stdout.length,
      200_000 + Array.from({ length: 200_000 }, (_, i) => `${i + 1}\n`).join('').length,
    );
    assert.ok(stdout.endsWith('\r\n200000\r\n'));
  });

  it('gets a long input whole', async () => {
    const size = 2 ** 20;
    await using screen = await onTerminal(['sh', '-c', `stty raw -echo; echo up; head -c ${size} | cksum`]);
    await screen.see(/up/);
    screen.type('0123456789abcdef'.repeat(size / 16));
    const [sum] = await screen.see(/\d+ \d+\r?\n/);
    const { stdout } = await run(['cksum'], { input: '0123456789abcdef'.repeat(size / 16) });
    assert.equal(sum.trim(), stdout.trim());
  });

  it('refuses sizes that a terminal cannot have, and signals that are none', async () => {
    await using child = await spawn(['sleep', '60'], { tty: true });
    const refused = (act: () => void, field: string): void =>
      assert.throws(act, { name: 'SpecError', field });
    for (const [size, field] of [
      [{ columns: 0, rows: 1 }, 'size.columns'],
      [{ columns: 1, rows: 65_536 }, 'size.rows'],
      [{ columns: 1.5, rows: 1 }, 'size.columns'],
      [{ columns: 1 }, 'size.rows'],
      [{ columns: 1, rows: 1, x: 1 }, 'size.x'],
      [undefined, 'size'],
      [null, 'size'],
    ] as const)
      refused(() => child.resize(size as never), field);
    for (const signal of [null, {}, [], true, 1n]) refused(() => child.kill(signal as never), 'signal');
  });

  it('may outlive its terminal: then resizing and typing do nothing', async () => {
    await using child = await spawn(['sh', '-c', 'trap "" HUP; exec sleep 60 <&- >&- 2>&-'], { tty: true });
    child.stdout?.resume();
    await once(child.stdout as Readable, 'end');
    await until(() => child.stdin?.destroyed === true, 'the terminal is closed');
    child.resize({ columns: 10, rows: 10 });
    child.stdin?.write('nobody', () => {});
    assert.equal(child.kill(0), true);
  });

  it('leaves no descriptor here', async () => {
    await run(['true'], { tty: true });
    const before = descriptors();
    for (let round = 0; round < 20; round++) await run(['echo', 'x'], { tty: true });
    await (await spawn(['true'], { tty: true }))[Symbol.asyncDispose]();
    const more = (): string[] => descriptors().filter((each) => !before.includes(each));
    assert.deepEqual(await whenNone(more), []);
  });
});
