import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { ALL_KINDS } from '../../src/namespaces/kinds.js';
import { skip } from './caller.js';
import { eventually, isAlive, isol8, namespacesOf, printed, program } from './cli-program.js';
import { leaveMachineAsItWas } from './machine.js';

leaveMachineAsItWas();

const scratch = mkdtempSync(join(tmpdir(), 'isol8-cli-'));
after(() => rmSync(scratch, { recursive: true }));
const marker = join(scratch, 'it-ran');

describe('isol8 run', { skip }, () => {
  it('runs the command of the first page in eight new namespaces, as pid 2 below our own PID 1', async () => {
    const script = 'echo $$; hostname; id -u; ls -l /proc/self/ns; cat /proc/1/comm';
    const lines = (await printed([], script)).split('\n');
    assert.equal(lines[0], '2');
    assert.equal(lines[1], spawnSync('hostname', { encoding: 'utf8' }).stdout.trim());
    assert.equal(lines[2], '0');
    assert.equal(lines.at(-1), 'isol8-init');
    const ours = namespacesOf('self');
    for (const kind of ALL_KINDS) {
      const inside = lines.find((line) => line.includes(` ${kind} -> `))?.split(' -> ')[1];
      assert.match(inside ?? 'none', new RegExp(`^${kind}:\\[\\d+\\]$`));
      assert.notEqual(inside, ours[kind]);
    }
  });

  it('runs the shell of the user without a command, and /bin/sh where SHELL is not set', async () => {
    const { SHELL: _, ...env } = process.env;
    assert.equal((await isol8(['run'], { input: 'echo $$ $0', env })).stdout, '2 /bin/sh\n');
    const shell = { ...env, SHELL: '/bin/cat' };
    assert.equal((await isol8(['run'], { input: 'as it is', env: shell })).stdout, 'as it is');
  });

  it('is deaf to a .env, node_modules and package.json in the working directory', async () => {
    const cwd = join(scratch, 'hostile');
    const hostile = `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '');`;
    for (const name of ['isol8', 'valibot']) {
      mkdirSync(join(cwd, 'node_modules', name), { recursive: true });
      writeFileSync(join(cwd, 'node_modules', name, 'index.js'), hostile);
    }
    writeFileSync(join(cwd, 'package.json'), '{ "type": "module", "main": "index.js" }');
    writeFileSync(join(cwd, 'index.js'), hostile);
    writeFileSync(
      join(cwd, '.env'),
      `NODE_OPTIONS=--require=${cwd}/node_modules/isol8/index.js\nHOSTILE=1\n`,
    );
    const outcome = await isol8(['run', '--', 'sh', '-c', 'echo "[$HOSTILE$NODE_OPTIONS]"'], { cwd });
    assert.deepEqual(outcome, { status: 0, signal: null, stdout: '[]\n', stderr: '' });
    assert.ok(!existsSync(marker));
  });

  it('gives the command no descriptor but 0, 1 and 2, no blocked and no ignored signal', async () => {
    for (const options of [[], ['--timeout', '60'], ['-t']]) {
      // The fourth is the directory that ls reads.
      const { stdout: descriptors } = await isol8(['run', ...options, 'ls', '-x', '/proc/self/fd']);
      assert.equal(descriptors.trim(), '0  1  2  3');
      const { stdout } = await isol8(['run', ...options, 'grep', '-E', 'Sig(Blk|Ign)', '/proc/self/status']);
      assert.match(stdout, /^SigBlk:\s0{16}\s+SigIgn:\s0{16}\s+$/, options.join(' '));
    }
  });
});

describe('standard input and output of isol8 run', { skip }, () => {
  it('are the pipes and files of the caller themselves', async () => {
    const file = join(scratch, 'input');
    writeFileSync(file, 'from a file\n');
    assert.equal(await printed([], 'cat', { input: 'from a pipe\n' }), 'from a pipe');
    assert.equal(await printed(['--timeout', '60'], 'cat', { input: 'from a pipe\n' }), 'from a pipe');
    const { stdout } = spawnSync(
      process.execPath,
      [program, 'run', 'sh', '-c', 'cat; readlink /proc/self/fd/0'],
      {
        stdio: [openSync(file, 'r'), 'pipe', 'pipe'],
        encoding: 'utf8',
      },
    );
    assert.equal(stdout, `from a file\n${file}\n`);
  });

  it('leave to the caller what the command has not read', () => {
    const script = '{ "$@" run -- head -c 2; "$@" run -t -- true; cat; }';
    const pipe = spawnSync('sh', ['-c', script, 'sh', process.execPath, program], {
      input: 'abcdef',
      encoding: 'utf8',
    });
    assert.deepEqual([pipe.stdout.slice(0, 2), pipe.stderr], ['ab', '']);
    const byte = '{ "$@" run -t -- true; head -c 3; }';
    const untouched = spawnSync('sh', ['-c', byte, 'sh', process.execPath, program], {
      input: 'abc',
      encoding: 'utf8',
    });
    assert.deepEqual([untouched.stdout, untouched.stderr], ['abc', '']);
  });

  for (const options of [[], ['--timeout', '1h'], ['-t'], ['-it']]) {
    it(`end quietly when the reader goes away, with ${options.join(' ') || 'nothing else'}`, () => {
      const script = '"$@" -- sh -c "yes 2>&1; echo over >&2" </dev/null | head -1';
      const parts = ['sh', '-c', script, 'sh', process.execPath, program, 'run', ...options];
      const { stdout, stderr } = spawnSync(parts[0] as string, parts.slice(1), {
        encoding: 'utf8',
        timeout: 100_000,
      });
      assert.equal(stdout.trim(), 'y');
      assert.doesNotMatch(stderr, /isol8|node|Error|EPIPE/);
    });
  }

  it('are not lost without a word where nothing more fits', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [program, 'ls'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    assert.deepEqual([status, stderr], [1, 'isol8 ls: write to standard output: ENOSPC\n']);
  });

  it('end isol8 ls --watch when the reader goes away', () => {
    const script =
      '"$@" ls --watch --noheadings --type uts 2>/dev/null | head -1 & "$@" run sleep 3; wait $!';
    const parts = ['-c', script, 'sh', process.execPath, program];
    const { status, stderr } = spawnSync('sh', parts, { encoding: 'utf8', timeout: 60_000 });
    assert.deepEqual([status, stderr], [0, '']);
  });

  it('end quietly when the reader of the help goes away', () => {
    const { stderr } = spawnSync('sh', ['-c', '"$@" run --help | true', 'sh', process.execPath, program], {
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
  });

  it('may be closed', async () => {
    const script = '"$@" run -- sh -c "cat; exit 3" <&- >&- 2>&-';
    assert.equal(spawnSync('sh', ['-c', script, 'sh', process.execPath, program]).status, 3);
  });
});

describe('isol8 run -t without a terminal outside', { skip }, () => {
  it('gives the command a terminal of 80 by 24 that controls it', async () => {
    const outcome = await isol8([
      'run',
      '-t',
      '--',
      'sh',
      '-c',
      'tty; stty size; cat < /dev/tty & ps -o tty= -p $$ >/dev/null; kill $!',
    ]);
    assert.match(outcome.stdout, /^\/dev\/pts\/\d+\r\n24 80\r\n/);
    assert.equal(outcome.status, 0);
  });

  it('does not pass standard input on without -i', async () => {
    const outcome = await isol8(['run', '-t', '--', 'sh', '-c', 'stty -icanon min 0 time 5; cat | wc -c'], {
      input: 'not for you\n',
    });
    assert.equal(outcome.stdout.trim(), '0');
  });

  it('passes standard input on with -i, and its end', async () => {
    for (const input of ['two\nlines\n', 'no line', '']) {
      const { stdout, status } = await isol8(['run', '-it', '--', 'sh', '-c', 'stty -echo; cat; echo end'], {
        input,
      });
      assert.equal(status, 0);
      assert.match(stdout.replaceAll('\r', ''), new RegExp(`${input}end\n$`));
    }
  });

  it('shows all that the command wrote last, however much that is', async () => {
    const { stdout } = await isol8(['run', '-t', '--', 'seq', '100000']);
    const numbers = Array.from({ length: 100_000 }, (_, index) => `${index + 1}\r\n`);
    assert.ok(
      stdout === numbers.join(''),
      `${stdout.length} of 688895 characters, up to ${stdout.slice(-20)}`,
    );
  });

  it('shows it to the end to who reads slowly, too', async () => {
    // In small pieces, so that there is never room for all that is left.
    const reader = `
      const { readSync } = require('node:fs');
      const [piece, nap] = [Buffer.alloc(2048), new Int32Array(new SharedArrayBuffer(4))];
      let total = 0;
      for (let size; (size = readSync(0, piece)) > 0; total += size) Atomics.wait(nap, 0, 0, 1);
      console.log(total);
    `;
    const script = '"$1" "$2" run -t -- seq 100000 </dev/null | "$1" -e "$3"';
    const parts = ['-c', script, 'sh', process.execPath, program, reader];
    const { stdout } = spawnSync('sh', parts, { encoding: 'utf8', timeout: 60_000 });
    assert.equal(Number(stdout), 688_895);
  });

  it('ends with the command although something in the background has the terminal open', async () => {
    const script = 'trap "" HUP; sleep 600 & echo $!';
    const { stdout, status } = await isol8(['run', '--share', 'pid', '-t', '--', 'sh', '-c', script]);
    assert.match(stdout, /^\d+\r\n$/);
    assert.equal(status, 0);
    const background = Number(stdout);
    process.kill(background, 'SIGKILL'); // without a pid namespace nothing else ends it
    await eventually(() => !isAlive(background), 'it ends');
  });
});
