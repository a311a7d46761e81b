/** The built file as the kernel starts it, by its first line: the runtime has no say in the program's arguments. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { isRoot, outcomeOf, program } from './cli-program.js';

const scratch = mkdtempSync(join(tmpdir(), 'isol8-start-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** The runtime under test is the first node on PATH. */
const env = { ...process.env, PATH: [scratch, dirname(process.execPath), process.env.PATH].join(delimiter) };

const startFile = (file: string, args: readonly string[]) =>
  spawnSync(file, args, { cwd: scratch, env, encoding: 'utf8', timeout: 60_000 });

describe('the built command line, started by its own name', () => {
  it("runs no code that a file named among the program's arguments asks for", () => {
    const proof = join(scratch, 'code-ran');
    writeFileSync(
      join(scratch, 'evil.cjs'),
      `require('node:fs').writeFileSync(${JSON.stringify(proof)}, '');`,
    );
    writeFileSync(join(scratch, '.env'), 'NODE_OPTIONS=--require=./evil.cjs\nPLANTED=1\n');
    const inner = ['sh', '-c', 'echo "$PLANTED$@"', 'sh', '--env-file', '.env'];
    const { stdout, stderr } = startFile(program, ['run', ...inner]);
    assert.equal(stdout, '--env-file .env\n', stderr);
    assert.equal(existsSync(proof), false, 'code from the working directory ran');
  });

  for (const option of [
    '--env-file=nofile',
    '--env-file-if-exists=nofile',
    '--experimental-config-file=nofile',
    '--experimental-default-config-file',
    ':--experimental-config-file=nofile',
    ':',
  ])
    it(`leaves ${option} to the program`, () => {
      const { status, stdout, stderr } = startFile(program, ['run', 'echo', option]);
      assert.deepEqual({ status, stdout }, { status: 0, stdout: `${option}\n` }, stderr);
    });

  it('is found by PATH and through a symbolic link, as npm installs it, and takes any argument as it is', () => {
    symlinkSync(program, join(scratch, 'isol8'));
    const plain = ['a b', '$HOME', '', "'", '*', '-x', '\\n'];
    for (const words of [plain, [...plain, ':', '--experimental-x', '::y']]) {
      const { stdout, stderr } = startFile('isol8', ['run', 'printf', '[%s]', ...words]);
      assert.equal(stdout, words.map((word) => `[${word}]`).join(''), stderr);
    }
  });

  it('leaves the environment as it is, but for what a shell keeps there for itself', () => {
    const variables = { a: '1', n: '2', each: '3', isol8: '4' };
    const printed = (file: string, args: string[]): string[] => {
      const { stdout } = spawnSync(file, args, {
        cwd: scratch,
        env: { ...env, ...variables },
        encoding: 'utf8',
      });
      return stdout.split('\n').filter((line) => !/^(PWD|OLDPWD|_|SHLVL)=/.test(line));
    };
    const command = ['sh', '-c', 'exec env', 'sh', ':x'];
    assert.deepEqual(printed(program, ['run', ...command]).sort(), printed('env', command).sort());
  });

  const unshare = `unshare ${isRoot ? '' : '-r'} -u`;
  const COMMANDS = ['run', 'run --timeout 1m', unshare, `${unshare} -f`, 'enter -t $$ -w.'];
  for (const command of COMMANDS) {
    it(`${command}: leaves signals ignored that its caller ignores, as nohup and & do`, () => {
      const ignored = (signals: string): string => {
        const script = `${signals && `trap '' ${signals};`} "$0" ${command} grep SigIgn /proc/self/status`;
        const { stdout, stderr } = startFile('sh', ['-c', script, program]);
        assert.equal(stderr, '');
        return stdout.replace(/^SigIgn:\t0*/, '').trim();
      };
      assert.equal(ignored('HUP INT QUIT PIPE USR1 TERM'), '5207');
      assert.equal(ignored(''), '');
    });

    it(`${command}: leaves the soft limit of open files as whoever has started it set it`, () => {
      const script = `ulimit -Sn 64; exec "$0" ${command} sh -c 'ulimit -Sn; ulimit -Hn'`;
      const { stdout, stderr } = startFile('sh', ['-c', `ulimit -Hn; ${script}`, program]);
      const [hard] = stdout.split('\n');
      assert.equal(stdout, `${hard}\n64\n${hard}\n`, stderr);
    });
  }

  for (const command of COMMANDS)
    it(`${command}: lives on when its terminal goes away, where nohup has started it`, async () => {
      const script = `trap '' HUP; exec "$0" ${command} sh -c 'echo up; sleep 0.5; echo on'`;
      const child = spawn('sh', ['-c', script, program], { cwd: scratch, env });
      const outcome = outcomeOf(child);
      await once(child.stdout, 'data');
      child.kill('SIGHUP');
      assert.deepEqual(await outcome, { status: 0, signal: null, stdout: 'up\non\n', stderr: '' });
    });

  it('passes on what it is given on standard input, and the exit status', () => {
    const script = `echo hi | "$1" run sh -c 'cat; exit 7'`;
    const { status, stdout } = startFile('sh', ['-c', script, 'sh', program]);
    assert.deepEqual({ status, stdout }, { status: 7, stdout: 'hi\n' });
  });
});
