/** isol8 inspect beside /proc, capsh(1), lsns(8) and what unshare(1) made. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { ProcessInspection } from '../../src/index.js';
import { skip } from './caller.js';
import { eventually, isol8, program, readProc } from './cli-program.js';
import { lsns } from './lsns.js';

const SLEEP = ['sleep', '120'];

interface Sleeper extends AsyncDisposable {
  readonly pid: number;
}

/** Starts `COMMAND… sleep 120` and finds the process that sleeps. */
async function sleeper(...command: string[]): Promise<Sleeper> {
  const [file, ...args] = [...command, ...SLEEP] as [string, ...string[]];
  const child = spawn(file, args, { stdio: 'ignore' });
  const pid = await eventually(() => sleeping(child.pid as number), `${file} sleeps`);
  return { pid, [Symbol.asyncDispose]: () => end(child) };
}

/** The process itself or its child, once it is the program. */
function sleeping(pid: number): number | undefined {
  const child = Number(readProc(`${pid}/task/${pid}/children`));
  return [pid, child].find((each) => each > 0 && readProc(`${each}/comm`) === 'sleep\n');
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

const inNamespaces = [
  ...['unshare', '--user', '--map-root-user', '--uts', '--time', '--boottime', '3600', '--monotonic', '-1'],
  ...['--pid', '--fork', '--kill-child'],
];

async function text(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await isol8(['inspect', ...args]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  return stdout;
}

async function json(pid: number): Promise<ProcessInspection> {
  const found = JSON.parse(await text('--json', String(pid)));
  assert.equal(found.length, 1);
  return found[0];
}

/** What stands beside a label below a heading. */
function line(page: string, heading: string, label: string): string {
  const section = page.split('\n\n').find((part) => part.startsWith(heading)) ?? '';
  return new RegExp(`^ {2}${label} +(.*)$`, 'm').exec(section)?.[1] ?? `no ${heading}, ${label} in ${page}`;
}

describe('isol8 inspect', { skip }, () => {
  it('prints the links of /proc/PID/ns, and which of them are its own too', async () => {
    await using child = await sleeper(...inNamespaces);
    const page = await text(String(child.pid));
    for (const name of readdirSync(`/proc/${child.pid}/ns`)) {
      const link = readlinkSync(`/proc/${child.pid}/ns/${name}`);
      const beside = link === readlinkSync(`/proc/self/ns/${name}`) ? 'as here' : 'another';
      assert.equal(
        line(page, 'Namespaces', name).replace(/ +/, ' '),
        `${/\d+/.exec(link)?.[0]} ${beside}`,
        name,
      );
    }
    assert.match(line(page, 'Namespaces', 'uts'), /another$/);
    assert.match(line(page, 'Namespaces', 'net'), /as here$/);
  });

  it('prints pids, maps, clocks, command and user as they were made', async () => {
    await using child = await sleeper(...inNamespaces);
    const page = await text(String(child.pid));
    assert.ok(page.startsWith(`sleep, process ${child.pid}\n`));
    assert.equal(line(page, 'Process', 'pids'), `${child.pid}, inside 1`);
    assert.equal(line(page, 'Process', 'command'), 'sleep 120');
    const ppid = readProc(`${child.pid}/status`).match(/^PPid:\t(\d+)$/m)?.[1];
    assert.equal(line(page, 'Process', 'parent'), ppid);
    assert.match(line(page, 'Process', 'user'), new RegExp(`uid ${process.getuid?.()}$`));
    assert.match(line(page, 'Ids', 'uid'), new RegExp(`^0 +${process.getuid?.()} +1$`));
    assert.match(line(page, 'Ids', 'gid'), new RegExp(`^0 +${process.getgid?.()} +1$`));
    assert.equal(line(page, 'Ids', 'setgroups'), 'deny');
    assert.equal(line(page, 'Clocks', 'monotonic'), '-1s');
    assert.equal(line(page, 'Clocks', 'boottime'), '1h');
    for (const path of readProc(`${child.pid}/cgroup`).trim().split('\n')) {
      const [, controllers, ...rest] = path.split(':');
      assert.equal(
        line(page, 'Control groups', controllers === '' ? 'v2' : (controllers as string)),
        rest.join(':'),
      );
    }
  });

  it('decodes capabilities as capsh does', async () => {
    const some = '-all,+chown,+net_admin,+sys_time';
    const root = ['unshare', '--user', '--map-root-user', 'setpriv', '--bounding-set', some];
    await using child = await sleeper(...root, '--inh-caps', '-all,+chown', '--ambient-caps', '-all,+chown');
    const status = readProc(`${child.pid}/status`);
    const { capabilities } = await json(child.pid);
    const page = await text(String(child.pid));
    const fields = {
      ...{ inheritable: 'CapInh', permitted: 'CapPrm', effective: 'CapEff' },
      ...{ bounding: 'CapBnd', ambient: 'CapAmb' },
    };
    for (const [set, field] of Object.entries(fields)) {
      const mask = new RegExp(`^${field}:\t(\\w+)$`, 'm').exec(status)?.[1] as string;
      const decoded = spawnSync('capsh', [`--decode=${mask}`], { encoding: 'utf8' }).stdout;
      const names = decoded.trim().replace(/^.*=/, '').toUpperCase().split(',').filter(Boolean);
      assert.deepEqual(capabilities[set as keyof typeof capabilities], names, set);
      assert.equal(line(page, 'Capabilities', set), names.join(' ') || 'none', set);
    }
    assert.deepEqual(capabilities.bounding, ['CAP_CHOWN', 'CAP_NET_ADMIN', 'CAP_SYS_TIME']);
  });

  it('names what a large set of capabilities lacks', async () => {
    const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'));
    const all = ['unshare', '--user', '--map-root-user', 'setpriv', '--bounding-set'];
    await using child = await sleeper(...all, '-sys_time,-chown');
    const page = await text(String(child.pid));
    assert.equal(line(page, 'Capabilities', 'bounding'), `all ${last + 1} but CAP_CHOWN CAP_SYS_TIME`);
    await using whole = await sleeper('unshare', '--user', '--map-root-user');
    assert.equal(line(await text(String(whole.pid)), 'Capabilities', 'effective'), `all ${last + 1}`);
  });

  it('finds the namespaces that lsns finds', async () => {
    await using child = await sleeper(...inNamespaces);
    const args = ['--raw', '--noheadings', '--output', 'TYPE,NS', '--task', String(child.pid)];
    const known = lsns(...args)
      .split('\n')
      .sort();
    const { namespaces = {} } = await json(child.pid);
    const found = Object.entries(namespaces).map(([name, { inode }]) => `${name} ${inode}`);
    assert.deepEqual(found.filter((each) => !each.includes('_for_children')).sort(), known);
  });

  it('prints the others when one is not there, and ends with 125', async () => {
    const own = String(process.pid);
    const page = await isol8(['inspect', '4194305', own]);
    assert.equal(page.status, 125);
    assert.ok(page.stdout.includes(`, process ${own}\n`));
    assert.match(page.stderr, /^isol8 inspect: inspect process 4194305: ESRCH\. There is no such process/);
    const objects = await isol8(['inspect', '-J', '4194305', own, own]);
    assert.equal(objects.status, 125);
    const pids = JSON.parse(objects.stdout).map(({ pid }: ProcessInspection) => pid);
    assert.deepEqual(pids, [process.pid, process.pid]);
  });

  it('says what may not be seen of a process of another user', async () => {
    const { status, stdout, stderr } = await isol8(['inspect', '1'], { user: true });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.match(stdout, /^Namespaces\n {2}may not be seen by this user: .*\n.*CAP_SYS_PTRACE/m);
    assert.match(stdout, /^ {2}bounding +\S/m);
    const [found] = JSON.parse((await isol8(['inspect', '--json', '1'], { user: true })).stdout);
    assert.deepEqual(found.hidden, ['namespaces']);
  });

  it('compares with itself also where /proc counts otherwise', async () => {
    const script = `read -r self rest < /proc/self/stat; exec '${process.execPath}' '${program}' inspect $self`;
    const behind = ['unshare', '--user', '--map-root-user', '--pid', '--fork', 'sh', '-c', script, 'sh'];
    const { status, stdout, stderr } = await isol8([], { behind });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.match(line(stdout, 'Process', 'pids'), /^\d+, inside 1$/);
    const links = stdout.match(/^ {2}\w+ +\d+ {2}as here$/gm);
    assert.equal(links?.length, readdirSync('/proc/self/ns').length);
  });

  it('prints nothing that a terminal would obey', async () => {
    await using child = await sleeper('bash', '-c', 'exec -a $\'\\e[31mred\\n\' "$@"', 'bash');
    const page = await text(String(child.pid));
    assert.equal(line(page, 'Process', 'command'), "'\\x1b[31mred\\x0a' 120");
  });

  it('refuses a command line without a process, and words that are none', async () => {
    const none = await isol8(['inspect']);
    assert.deepEqual([none.status, none.stdout], [125, '']);
    assert.match(none.stderr, /^isol8 inspect: give the PID of a process\nTry 'isol8 inspect --help'/);
    for (const word of ['x', '0', '-1', '1.5', '']) {
      const wrong = await isol8(['inspect', '--', word]);
      assert.deepEqual([wrong.status, wrong.stdout], [125, '']);
      assert.ok(wrong.stderr.startsWith(`isol8 inspect: invalid PID argument: '${word}'\n`), wrong.stderr);
    }
  });
});
