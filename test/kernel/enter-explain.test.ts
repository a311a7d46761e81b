/** What isol8 enter --explain prints is for somebody who has none of its descriptors. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Process, spawn } from '../../src/index.js';
import { skip } from './caller.js';
import { descendant, isol8, isRoot, type Outcome } from './cli-program.js';
import { withFolder } from './explain-oracle.js';

const LOOK = ['sh', '-c', 'hostname; id -u; id -G; pwd; ls /; readlink /proc/self/ns/net'];

/** TARGET stands for the pid of a program in namespaces of its own. */
const FORMS: readonly (readonly string[])[] = [
  ['TARGET', ...LOOK],
  ['-t', 'TARGET', '-a', 'sh', '-c', 'hostname; id -u; id -G; set -- /proc/[0-9]*; echo $#; pwd'],
  ['-t', 'TARGET', '-U', '-u', 'hostname'],
  ['-U/proc/TARGET/ns/user', '--uts=/proc/TARGET/ns/uts', 'hostname'],
  ['-t', 'TARGET', '-U', '-n', ...LOOK],
  ['-t', 'TARGET', '-U', '-S', '0', '-G', '0', ...LOOK],
  ['-t', 'TARGET', '-U', '-p', 'sh', '-c', 'readlink /proc/self/ns/pid; exit 4'],
  ['-t', 'TARGET', '-U', '-p', '-F', 'readlink', '/proc/self/ns/pid'],
  ['-t', 'TARGET', '-U', '-T', 'cat', '/proc/self/timens_offsets'],
  ['-t', 'TARGET', '-U', '-i', '-C', 'readlink', '/proc/self/ns/ipc', '/proc/self/ns/cgroup'],
  ['-t', 'TARGET', '-U', '-m', '-w', ...LOOK],
  ['-t', 'TARGET', '-U', '-m', '--wd=/usr', ...LOOK],
  ['-t', 'TARGET', '-U', '-m', '-W', '/usr', ...LOOK],
  ['-t', 'TARGET', '-U', '-m', '-r', ...LOOK],
  ['-t', 'TARGET', '-u', '--user-parent', 'hostname'],
  ['-t', 'TARGET', '-U', '--keep-caps', 'grep', 'CapAmb', '/proc/self/status'],
];
/** What takes rights outside, or an id that only a map of root's has. */
const FORMS_OF_ROOT: readonly (readonly string[])[] = [
  ['-t', 'TARGET', '-U', '-S', '5', '-G', '6', ...LOOK],
  ['-t', 'TARGET', '-U', '--preserve-credentials', 'id', '-u'],
  ['-t', 'TARGET', '-r', '-w/usr', ...LOOK],
  ['-t', 'TARGET', '-u', '-S', '5', 'sh', '-c', 'hostname; id -u; id -G'],
];

function runAsSh(script: string): Outcome {
  const { status, signal, stdout, stderr } = spawnSync('sh', { input: script, encoding: 'utf8' });
  return { status, signal, stdout, stderr };
}

describe('isol8 enter --explain', { skip }, () => {
  let target: Process;
  let pid = 0;
  before(async () => {
    const hostname = 'entered';
    target = await spawn(['sleep', '100'], { hostname, timeOffsets: { boottime: 1000 }, cwd: '/usr' });
    pid = await descendant(target.pid, 'sleep');
  });
  after(() => target[Symbol.asyncDispose]());
  const filled = (args: readonly string[]): string[] =>
    args.map((word) => word.replaceAll('TARGET', `${pid}`));

  for (const args of isRoot ? [...FORMS, ...FORMS_OF_ROOT] : FORMS) {
    it(`prints a script that enters what the command enters: ${args.join(' ')}`, async () => {
      const explained = await isol8(['enter', '--explain=sh', ...filled(args)]);
      assert.equal(explained.status, 0, explained.stderr);
      const expected = await isol8(['enter', ...filled(args)]);
      const ran = runAsSh(explained.stdout);
      assert.deepEqual(ran, expected, explained.stdout);
    });
  }

  it('opens what it enters in every format, and the C program runs', async () => {
    const args = ['-t', `${pid}`, '-U', '-u', 'hostname'];
    const calls = (await isol8(['enter', '--explain', ...args])).stdout;
    assert.match(calls, new RegExp(`^openat\\(AT_FDCWD, "/proc/${pid}/ns/uts", .*\\) = <uts>`, 'm'));
    assert.match(calls, /^setns\(<uts>, CLONE_NEWUTS\)/m);
    const { stdout: c } = await isol8(['enter', '--explain=c', ...args]);
    const ran = withFolder((folder) => {
      const program = join(folder, 'program');
      const cc = spawnSync('cc', ['-std=gnu11', '-x', 'c', '-', '-o', program], {
        input: c,
        encoding: 'utf8',
      });
      assert.equal(cc.status, 0, cc.stderr);
      return spawnSync(program, { encoding: 'utf8' });
    });
    assert.equal(ran.stdout, 'entered\n', ran.stderr);
  });

  it('finds a process that is in the namespace of a socket', async () => {
    const script =
      'require("net").createServer().listen(0, function () { console.log(this._handle.fd); }); setTimeout(() => {}, 9e4)';
    await using holder = await spawn([process.execPath, '-e', script], {
      namespaces: ['user', 'net'],
      init: false,
    });
    holder.stdout?.setEncoding('utf8');
    const fd = await new Promise<string>((resolve) => holder.stdout?.once('data', resolve));
    const args = ['-t', `${holder.pid}`, '-U', '--net-socket', fd.trim(), 'cat', '/proc/net/dev'];
    const { stdout } = await isol8(['enter', '--explain=sh', ...args]);
    assert.equal(runAsSh(stdout).stdout, readFileSync(`/proc/${holder.pid}/net/dev`, 'utf8'), stdout);
  });
});
