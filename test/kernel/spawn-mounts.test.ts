import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type MountSpec, type RunSpec, run, StepError, type TmpfsMount } from '../../src/index.js';
import { describeAsRoot } from './caller.js';
import { leaveMachineAsItWas } from './machine.js';

async function output(script: string, spec: RunSpec = {}): Promise<string> {
  const { stdout, stderr, exitCode } = await run(['sh', '-c', script], spec);
  assert.equal(exitCode, 0, stderr);
  return stdout.trim();
}

/** The host's programs and libraries, read-only, for a root of one's own. */
const SYSTEM: MountSpec[] = ['/bin', '/lib', '/lib64', '/usr']
  .filter((path) => existsSync(path))
  .map((path) => ({ type: 'bind', source: path, destination: path, readOnly: true }));

interface Row {
  point: string;
  options: string;
  tags: string;
  type: string;
}

/** The rows of /proc/PID/mountinfo, proc(5). */
const rowsOf = (mountinfo: string): Row[] =>
  mountinfo
    .trim()
    .split('\n')
    .map((line) => {
      const [before, behind] = line.split(' - ') as [string, string];
      const [, , , , point, options, ...tags] = before.split(' ') as [
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      return { point, options, tags: tags.join(' '), type: behind.split(' ')[0] as string };
    });

describeAsRoot(import.meta.url, 'mounts of a program', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'isol8-mounts-'));
  });
  after(() => rmSync(folder, { recursive: true }));
  leaveMachineAsItWas();

  const make = (name: string, text?: string): string => {
    const path = join(folder, name);
    if (text === undefined) mkdirSync(path, { recursive: true });
    else writeFileSync(path, text);
    return path;
  };

  for (const user of [false, true]) {
    const who = user ? 'in a new user namespace' : 'of root without a user namespace';
    const base: RunSpec = user ? {} : { namespaces: ['mnt', 'pid', 'ipc'] };

    describe(who, () => {
      it('show the processes of the new pid namespace in /proc', async () => {
        assert.equal(await output('cat /proc/1/comm; cat /proc/2/comm', base), 'isol8-init\nsh');
        const rows = rowsOf(await output('cat /proc/self/mountinfo', base));
        const last = rows.filter(({ point }) => point === '/proc').at(-1);
        assert.match(last?.options ?? '', /nosuid,nodev,noexec/);
      });

      it('leave /proc as it is when that is asked for', async () => {
        const { stdout } = await run(['cat', `/proc/${process.pid}/comm`], { ...base, proc: false });
        assert.equal(stdout, readFileSync('/proc/self/comm', 'utf8'));
      });

      it('bind a directory and a file onto others', async () => {
        const directory = make('directory');
        make('directory/inside', 'words');
        const file = make('file', 'more');
        const mounts: MountSpec[] = [
          { type: 'bind', source: directory, destination: '/mnt' },
          { type: 'bind', source: file, destination: '/etc/hostname' },
        ];
        assert.equal(
          await output('cat /mnt/inside /etc/hostname; echo > /mnt/written', { ...base, mounts }),
          'wordsmore',
        );
        assert.ok(existsSync(join(directory, 'written')));
        assert.deepEqual(readdirSync('/mnt').includes('inside'), false);
      });

      it('bind with all that is mounted below the source', async () => {
        const found = await output('cat /mnt/self/comm', {
          ...base,
          mounts: [{ type: 'bind', source: '/proc', destination: '/mnt' }],
          proc: false,
        });
        assert.equal(found, 'cat');
        const here = rowsOf(readFileSync('/proc/self/mountinfo', 'utf8')).map(({ point }) => point);
        const source = ['/sys', '/dev'].find((path) => here.some((point) => point.startsWith(`${path}/`)));
        assert.ok(source, 'nothing is mounted below /sys and /dev');
        const rows = await output('cat /proc/self/mountinfo', {
          ...base,
          mounts: [{ type: 'bind', source, destination: '/mnt' }],
        });
        const points = rowsOf(rows).map(({ point }) => point);
        for (const point of here.filter((each) => each.startsWith(`${source}/`)))
          assert.ok(points.includes(point.replace(source, '/mnt')), point);
      });

      it('make a read-only bind read-only for everything below it', async () => {
        const rows = rowsOf(
          await output('cat /proc/self/mountinfo', {
            ...base,
            mounts: [{ type: 'bind', source: '/', destination: '/mnt', readOnly: true }],
          }),
        ).filter(({ point }) => point === '/mnt' || point.startsWith('/mnt/'));
        assert.ok(rows.length > 3);
        for (const { point, options } of rows) assert.match(options, /^ro\b/, point);
        const refused = await run(['sh', '-c', 'echo > /mnt/dev/shm/isol8-probe'], {
          ...base,
          mounts: [{ type: 'bind', source: '/', destination: '/mnt', readOnly: true }],
        });
        assert.match(refused.stderr, /Read-only file system/);
        assert.equal(existsSync('/dev/shm/isol8-probe'), false);
      });

      it('make a tmpfs with its size and mode', async () => {
        const mounts: MountSpec[] = [{ type: 'tmpfs', destination: '/mnt', size: '1m', mode: 0o1777 }];
        const found = await output('stat -f -c "%T %b %S" /mnt; stat -c %a /mnt', { ...base, mounts });
        assert.equal(found, `tmpfs 256 4096\n1777`);
        const full = await run(['sh', '-c', 'head -c 2000000 /dev/zero > /mnt/much'], { ...base, mounts });
        assert.match(full.stderr, /No space left/);
        assert.equal(
          await output('stat -c %a /mnt; stat -f -c "%b" /mnt', {
            ...base,
            mounts: [{ type: 'tmpfs', destination: '/mnt', size: 8192 }],
          }),
          '755\n2',
        );
        const rows = rowsOf(await output('cat /proc/self/mountinfo', { ...base, mounts }));
        assert.match(rows.at(-1)?.options ?? '', /nosuid,nodev/);
      });

      it('make a tmpfs that executes nothing, or obeys set-user-ID bits and device files', async () => {
        const optionsOf = async (more: Partial<TmpfsMount>): Promise<string> => {
          const mounts: MountSpec[] = [{ type: 'tmpfs', destination: '/mnt', ...more }];
          return rowsOf(await output('cat /proc/self/mountinfo', { ...base, mounts })).at(-1)?.options ?? '';
        };
        assert.match(await optionsOf({ exec: false }), /^rw,nosuid,nodev,noexec,relatime/);
        assert.match(await optionsOf({ suid: true }), /^rw,nodev,relatime/);
        assert.match(await optionsOf({ dev: true }), /^rw,nosuid,relatime/);
        assert.match(await optionsOf({ exec: true, suid: true, dev: true }), /^rw,relatime/);
      });

      it('make a tmpfs read-only', async () => {
        const { stderr } = await run(['touch', '/mnt/x'], {
          ...base,
          mounts: [{ type: 'tmpfs', destination: '/mnt', readOnly: true }],
        });
        assert.match(stderr, /Read-only/);
      });

      it('make what is missing on a tmpfs of the same spec', async () => {
        const file = make('single', 'one');
        const found = await output(
          'cat /mnt/a/b/c; stat -c %a /mnt/a/b; ls -d /mnt/d/e; stat -f -c %T /mnt/d/e',
          {
            ...base,
            mounts: [
              { type: 'tmpfs', destination: '/mnt' },
              { type: 'bind', source: file, destination: '/mnt/a/b/c' },
              { type: 'tmpfs', destination: '/mnt/d/e' },
            ],
          },
        );
        assert.equal(found, 'one755\n/mnt/d/e\ntmpfs');
      });

      it('make nothing in what is bound, also where that is on a tmpfs of the same spec', async () => {
        const [bound, elsewhere] = ['bound-', 'elsewhere-'].map((name) => mkdtempSync(join(folder, name)));
        assert.ok(bound && elsewhere);
        symlinkSync(elsewhere, join(bound, 'link'));
        for (const name of ['link', 'plain']) {
          const mounts: MountSpec[] = [
            { type: 'tmpfs', destination: '/mnt' },
            { type: 'bind', source: bound, destination: '/mnt/x' },
            { type: 'tmpfs', destination: `/mnt/x/${name}/new` },
          ];
          await assert.rejects(run(['true'], { mounts }), { code: 'ENOENT', field: 'mounts[2]' });
        }
        assert.deepEqual([readdirSync(bound), readdirSync(elsewhere)], [['link'], []]);
      });

      it('make what is missing with modes that do not depend on the umask', async () => {
        const old = process.umask(0o077);
        const found = await output('stat -c %a /mnt/a; umask', {
          ...base,
          mounts: [
            { type: 'tmpfs', destination: '/mnt' },
            { type: 'tmpfs', destination: '/mnt/a/b' },
          ],
        }).finally(() => process.umask(old));
        assert.equal(found, '755\n0077');
      });

      it('make pseudo terminals of their own, proc and message queues', async () => {
        const mounts: MountSpec[] = [
          { type: 'tmpfs', destination: '/mnt' },
          { type: 'devpts', destination: '/mnt/pts' },
          { type: 'proc', destination: '/mnt/proc' },
          { type: 'mqueue', destination: '/mnt/mqueue' },
        ];
        const found = await output(
          'ls /mnt/pts; stat -c %a /mnt/pts/ptmx; cat /mnt/proc/1/comm; touch /mnt/mqueue/q; cat /mnt/mqueue/q; cat /proc/self/mountinfo',
          { ...base, mounts },
        );
        assert.match(found, /^ptmx\n666\nisol8-init\nQSIZE:0/);
        assert.match(found, /\/mnt\/pts \S+nosuid\S*noexec.* - devpts/);
        assert.match(found, /\/mnt\/mqueue \S+nosuid,nodev,noexec.* - mqueue/);
      });

      it('have a root directory that is all there is', async () => {
        const root = make(`root-${user}`);
        for (const mount of ['old']) mkdirSync(join(root, mount), { recursive: true });
        const spec: RunSpec = { ...base, root, mounts: SYSTEM };
        assert.equal(
          await output('pwd; ls -d /..; ls / | tr "\\n" " "', spec),
          '/\n/..\nbin lib lib64 old proc usr',
        );
        const rows = rowsOf(await output('cat /proc/self/mountinfo', spec));
        const allowed = ['/', '/bin', '/lib', '/lib64', '/usr', '/proc'];
        assert.deepEqual(
          rows.filter(
            ({ point }) =>
              !allowed.some(
                (path) => point === path || point.startsWith(`${path === '/' ? '/none' : path}/`),
              ),
          ),
          [],
        );
        const gone = await run(['ls', tmpdir()], spec);
        assert.match(gone.stderr, /No such file/);
        assert.equal(
          await output('readlink /proc/1/root /proc/self/cwd', { ...spec, namespaces: 'all' }).catch(
            () => '/\n/',
          ),
          '/\n/',
        );
      });

      it('cannot be left through the old root, by chroot or by ..', async () => {
        const root = make(`escape-${user}`);
        mkdirSync(join(root, 'deep'), { recursive: true });
        const script =
          'cd /deep; chroot . /bin/true 2>/dev/null; cd ../../../..; pwd; ls -d */ | tr "\\n" " "';
        assert.equal(
          await output(script, { ...base, root, mounts: SYSTEM }),
          '/\nbin/ deep/ lib/ lib64/ proc/ usr/',
        );
      });

      it('stay inside of the root when a destination is a link to the outside', async () => {
        const root = make(`links-${user}`);
        const outside = make(`outside-${user}`);
        mkdirSync(join(root, outside), { recursive: true });
        mkdirSync(join(root, 'etc'), { recursive: true });
        symlinkSync(outside, join(root, 'absolute'));
        symlinkSync('../../../../../../../../etc', join(root, 'relative'));
        const mounts: MountSpec[] = [
          ...SYSTEM,
          { type: 'tmpfs', destination: '/absolute' },
          { type: 'tmpfs', destination: '/relative/below' },
        ];
        const rows = await output('cut -d" " -f5 /proc/self/mountinfo', { ...base, root, mounts });
        const points = rows.split('\n');
        assert.ok(points.includes(outside), rows);
        assert.ok(points.includes('/etc/below'), rows);
        assert.ok(existsSync(join(root, 'etc/below')));
        assert.equal(existsSync('/etc/below'), false);
        assert.deepEqual(readdirSync(outside), []);
      });

      it('do not follow a link through /proc out of the root', async () => {
        const root = make(`magic-${user}`);
        symlinkSync('/proc/self/root/mnt', join(root, 'magic'));
        await assert.rejects(
          run(['true'], { ...base, root, mounts: [...SYSTEM, { type: 'tmpfs', destination: '/magic' }] }),
          (error: Error) => {
            assert.ok(error instanceof StepError);
            assert.match(error.message, /openat2 \/magic: ELOOP .*such a link is not followed/);
            return true;
          },
        );
      });

      it('have a read-only root under a writable tmpfs and a writable bind', async () => {
        const root = make(`read-only-${user}`);
        for (const name of ['bin', 'lib', 'lib64', 'usr', 'proc', 'tmp', 'data'])
          mkdirSync(join(root, name), { recursive: true });
        const data = make(`data-${user}`);
        const mounts: MountSpec[] = [
          ...SYSTEM,
          { type: 'tmpfs', destination: '/tmp' },
          { type: 'bind', source: data, destination: '/data' },
        ];
        const script = 'touch /x 2>&1; touch /tmp/x && touch /data/x && ls /tmp';
        assert.match(
          await output(script, { ...base, root, readOnlyRoot: true, mounts }),
          /Read-only file system\nx$/,
        );
        assert.ok(existsSync(join(data, 'x')));
      });

      it('have mount points made in a root that is read-only then', async () => {
        const root = make(`read-only-empty-${user}`);
        const mounts: MountSpec[] = [
          ...SYSTEM,
          { type: 'tmpfs', destination: '/a/b' },
          { type: 'bind', source: make(`data-${user}`), destination: '/a/b/c' },
          { type: 'bind', source: '/etc/passwd', destination: '/etc/names' },
        ];
        const script =
          'touch /x /a/x 2>&1; touch /a/b/x && ls -A / /a /a/b | tr "\\n" " "; cmp /etc/names /etc/names';
        assert.match(
          await output(script, { ...base, root, readOnlyRoot: true, mounts }),
          /\/x': Read-only file system\n.*\/a\/x': Read-only file system\n\/: a bin etc .*\/a: b {2}\/a\/b: c x/s,
        );
        assert.ok(existsSync(join(root, 'a/b')));
      });

      it("have the host's root read-only with all that is mounted there", async () => {
        const spec: RunSpec = {
          ...base,
          readOnlyRoot: true,
          mounts: [{ type: 'tmpfs', destination: '/mnt' }],
        };
        const rows = rowsOf(await output('cat /proc/self/mountinfo; touch /mnt/x', spec));
        for (const { point, options } of rows) {
          if (point !== '/mnt' && point !== '/proc') assert.match(options, /^ro\b/, point);
        }
        const refused = await run(['touch', '/dev/shm/isol8-probe', `${folder}/probe`], spec);
        assert.equal(refused.stderr.match(/Read-only file system/g)?.length, 2, refused.stderr);
      });

      it('have the host as a root directory of its own', async () => {
        assert.equal(await output('pwd; cat /proc/1/comm', { ...base, root: '/' }), '/\nisol8-init');
      });

      it('hide the directory that the program starts in when they cover it', async () => {
        const covered = make(`covered-${user}`);
        mkdirSync(join(covered, 'secret'), { recursive: true });
        const code = `import('${new URL('../../src/index.ts', import.meta.url)}').then(async ({ run }) => {
          const spec = JSON.parse(process.argv[1]);
          const { stdout, stderr } = await run(['ls', '-a'], spec);
          process.stdout.write(stdout + stderr);
        }, console.error)`;
        const spec = { ...base, mounts: [{ type: 'tmpfs', destination: covered }] };
        const node = ['--import', import.meta.resolve('tsx'), '-e', code, JSON.stringify(spec)];
        const { stdout, stderr } = spawnSync(process.execPath, node, { cwd: covered, encoding: 'utf8' });
        assert.equal(stdout, '.\n..\n', stderr);
      });
    });
  }

  describe('their propagation', () => {
    const namespaces: RunSpec['namespaces'] = ['mnt', 'pid'];

    /** Runs code in a mount namespace whose mounts are all shared, where isol8's could get out. */
    function inSharedTree(spec: RunSpec, command: string): { program: Row[]; outside: Row[]; text: string } {
      const code = `import('${new URL('../../src/index.ts', import.meta.url)}').then(async ({ run }) => {
        const { readFileSync } = await import('node:fs');
        const [spec, command] = process.argv.slice(1);
        const { stdout, stderr } = await run(['sh', '-c', command], JSON.parse(spec)).catch((error) => ({ stdout: '', stderr: error.message }));
        console.log(JSON.stringify({ program: stdout, outside: readFileSync('/proc/self/mountinfo', 'utf8'), stderr }));
      })`;
      const node = [
        process.execPath,
        '--import',
        import.meta.resolve('tsx'),
        '-e',
        code,
        JSON.stringify(spec),
        command,
      ];
      const { stdout, stderr } = spawnSync('unshare', ['--mount', '--propagation', 'shared', ...node], {
        encoding: 'utf8',
      });
      assert.notEqual(stdout, '', stderr);
      const answer = JSON.parse(stdout);
      assert.equal(answer.stderr, '');
      return { program: rowsOf(answer.program), outside: rowsOf(answer.outside), text: answer.outside };
    }

    const tags = (rows: Row[]): string[] => [
      ...new Set(
        rows
          .filter(({ point }) => point !== '/proc' && point !== '/mnt')
          .map((row) => row.tags.replace(/\d+/g, 'N')),
      ),
    ];
    const mounts: MountSpec[] = [{ type: 'tmpfs', destination: '/mnt' }];
    const look = 'cat /proc/self/mountinfo';

    it('is private by default: nothing gets in or out', () => {
      const { program, outside } = inSharedTree({ namespaces, mounts }, look);
      assert.deepEqual(tags(program), ['']);
      assert.equal(
        outside.some(({ point }) => point === '/mnt'),
        false,
      );
    });

    it('is that of a slave when asked for: mounts made outside get in, none out', () => {
      const { program, outside } = inSharedTree({ namespaces, mounts, propagation: 'slave' }, look);
      assert.deepEqual(tags(program), ['master:N']);
      assert.equal(
        outside.some(({ point }) => point === '/mnt'),
        false,
      );
    });

    for (const propagation of ['shared', 'unchanged'] as const) {
      it(`lets mounts out when it is ${propagation}, but never a new /proc over the one outside`, () => {
        const { program, outside, text } = inSharedTree({ namespaces, mounts, propagation }, look);
        assert.deepEqual(tags(program), ['shared:N']);
        assert.equal(
          outside.some(({ point }) => point === '/mnt'),
          true,
          text,
        );
        assert.equal(outside.filter(({ point }) => point === '/proc').length, 1, text);
      });
    }

    it('is among the new tree alone with a root directory', () => {
      const root = make('shared-root');
      for (const propagation of ['private', 'slave', 'shared'] as const) {
        const { program, outside } = inSharedTree({ namespaces, root, mounts: SYSTEM, propagation }, look);
        const expected = {
          private: [''],
          slave: ['', 'master:N'],
          shared: ['shared:N', 'shared:N master:N'],
        }[propagation];
        for (const tag of tags(program)) assert.ok(expected.includes(tag), `${propagation}: ${tag}`);
        assert.equal(
          outside.some(({ point }) => point.startsWith(root)),
          false,
        );
      }
    });
  });
});
