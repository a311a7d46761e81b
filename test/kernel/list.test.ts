/** isol8 ls beside lsns(8) and what /proc says, in a world of its own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { describe, it } from 'node:test';
import { list } from '../../src/index.js';
import { ALL_KINDS } from '../../src/namespaces/kinds.js';
import { isol8, isRoot, USER } from './cli-program.js';
import { leaveMachineAsItWas } from './machine.js';
import { inWorld, partsOf, skip } from './namespace-world.js';

leaveMachineAsItWas();

const library = new URL('../../dist/library/index.js', import.meta.url).href;

interface Row {
  readonly ns: number;
  readonly type: string;
  readonly nprocs: number;
  readonly pid: number | null;
  readonly command: string | null;
  readonly 'kept-by': string;
  readonly [column: string]: unknown;
}

const rowsOf = (json: string): Row[] => JSON.parse(json).namespaces;
const ownProcesses = /^(?:\S*\/)?(?:lsns|node)\b/;

describe('isol8 ls', { skip }, () => {
  it('finds what lsns finds, with the same facts, in the same order', () => {
    const columns = 'NS,TYPE,PATH,PID,PPID,COMMAND,UID,USER,PNS,ONS';
    const [theirs = '', ours = ''] = partsOf(
      inWorld(`lsns -J -l -o ${columns}; echo --; isol8 ls -J -l -o ${columns}`),
    );
    const expected = rowsOf(theirs);
    const known = new Set(expected.map(({ ns }) => ns));
    assert.ok(expected.length >= 10);
    assert.deepEqual(
      rowsOf(ours).filter(({ ns }) => known.has(ns)),
      expected,
    );
  });

  it('counts the processes that /proc has', () => {
    const [world = '', links = '', ours = ''] = partsOf(
      inWorld(
        'readlink /proc/self/ns/uts; echo --; readlink /proc/[0-9]*/ns/uts; echo --; isol8 ls -J -t uts -l -o NS,NPROCS',
      ),
    );
    const rows = rowsOf(ours).filter(({ nprocs }) => nprocs > 0);
    for (const { ns, nprocs } of rows) {
      const link = `uts:[${ns}]`;
      const seen = links.split('\n').filter((line) => line === link).length;
      const itself = world.trim() === link ? 1 : 0;
      assert.equal(nprocs, seen + itself, link);
    }
    assert.ok(rows.length >= 2);
  });

  it('finds what a mount, a descriptor, a socket, a thread, a child or something owned keeps', () => {
    const [held = '', mounted = '', ours = ''] = partsOf(
      inWorld(
        'cat /mnt/held; echo --; cat /mnt/mounted; echo --; isol8 ls -J -P -o NS,TYPE,KEPT-BY,ONS,PATH,UID,USER',
      ),
    );
    const rows = new Map(rowsOf(ours).map((row) => [row.ns, row]));
    const [first = '', ...names] = held.trim().split('\n');
    const pid = first.split(' ')[1];
    assert.equal(names.length, 3);
    for (const name of names) {
      const [type, ns, by, number] = name.split(' ');
      const row = rows.get(Number(ns));
      assert.equal(row?.type, type);
      assert.ok(
        row?.['kept-by'].split(', ').includes(`${by} ${number} of ${pid}`),
        `${name}: ${row?.['kept-by']}`,
      );
    }
    const net = rows.get(Number(/\d+/.exec(mounted)?.[0]));
    assert.equal(net?.['kept-by'], 'mount /mnt/a name');
    assert.equal(net?.path, '/mnt/a name');
    assert.deepEqual([net?.uid, net?.user], [0, 'root'], 'who has made what owns it');
    const owner = [...rows.values()].find((row) => row.type === 'user');
    assert.match(owner?.['kept-by'] ?? '', /^owner of \d+$/);
  });

  it('prints the tables that lsns prints, where both know the same', () => {
    const calls = [
      '-l -t mnt',
      '-t mnt',
      '-r -l -t mnt',
      '-n -t mnt',
      '-o +PATH -t mnt',
      '-p 1 -t mnt',
      '-T -l -t mnt -o NS,TYPE',
      '-l -T -r -t mnt -o NS,TYPE',
    ];
    const script = calls.map((call) => `lsns ${call}; echo --; isol8 ls ${call}; echo --`).join('\n');
    const parts = partsOf(inWorld(script)).map((part) =>
      part
        .split('\n')
        .map((line) => line.replace(/\s+/g, ' ').replace(/^(\S* ?)(\d+) (mnt|user) \d+/, '$1$2 $3'))
        .join('\n'),
    );
    for (const [i, call] of calls.entries()) assert.equal(parts[2 * i + 1], parts[2 * i], call);
  });

  it('shows the processes of a namespace', () => {
    const script = `ns=$(readlink /proc/self/ns/pid | tr -dc 0-9)
      lsns -J -l $ns; echo --; isol8 ls -J -l $ns; echo --; isol8 ls $ns -n -o PID,COMMAND`;
    const [theirs = '', ours = '', table = ''] = partsOf(inWorld(script));
    const others = (json: string) => rowsOf(json).filter(({ command }) => !ownProcesses.test(command ?? ''));
    assert.deepEqual(others(ours), others(theirs));
    assert.match(table, /^ *\d+ (├|└)─/m);
  });

  it('filters', () => {
    const [one = '', two = ''] = partsOf(
      inWorld(
        `isol8 ls -r -l -n -o NS,TYPE -Q 'TYPE == "uts" and NPROCS < 1'; echo --; isol8 ls -n -l -o TYPE -Q 'KEPT-BY =~ "^mount"'`,
      ),
    );
    assert.match(one, /^(\d+ uts\n){2,}$/);
    assert.deepEqual([...new Set(two.trim().split('\n'))].sort(), ['net']);
  });

  it('draws again when something has changed', () => {
    const output = inWorld(`isol8 ls --watch -l -n -o NS -t net > /mnt/out & watched=$!
      until [ -s /mnt/out ]; do sleep 0.05; done
      unshare --net sleep 60 & until sed '1,/^$/d' /mnt/out | grep -q .; do sleep 0.05; done
      kill $watched; cat /mnt/out`);
    const [before = '', after = ''] = output.trim().split('\n\n');
    assert.equal(after.split('\n').length, before.split('\n').length + 1);
  });
});

describe('isol8 ls says what is wrong', () => {
  const wrong: [args: string[], words: RegExp][] = [
    [['-o', 'NPROC'], /unknown column: NPROC\nDid you mean 'NPROCS'/],
    [['-o', ''], /--output names no column/],
    [['-t', 'nett'], /choose from.*\nDid you mean 'net'/],
    [['-T=up'], /unknown tree relation: up/],
    [['x'], /invalid namespace argument: 'x'/],
    [['1'], /not found namespace: 1/],
    [['-p', 'x'], /invalid PID argument: 'x'/],
    [['-p', '1', '2'], /--task is mutually exclusive with <namespace>/],
    [['-J', '-r'], /--json and --raw exclude each other/],
    [['-Q', 'NPROCS >'], /filter: the expression ends/],
  ];
  for (const [args, words] of wrong) {
    it(args.join(' '), async () => {
      const { status, stdout, stderr } = await isol8(['ls', ...args]);
      assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
      assert.match(stderr, words);
    });
  }

  it('and like lsns nothing of a process that is not there', async () => {
    const { status, stdout } = await isol8(['ls', '-p', '4194305']);
    assert.deepEqual({ status, stdout }, { status: 0, stdout: '' });
  });
});

describe('list()', () => {
  it('has this process in its eight namespaces, and leaves no descriptor open', () => {
    const { namespaces, unreadable } = list();
    assert.ok(unreadable >= 0);
    for (const kind of ALL_KINDS) {
      const own = namespaces.find((each) => each.kind === kind && each.processes.includes(process.pid));
      assert.equal(`${kind}:[${own?.inode}]`, readlinkSync(`/proc/self/ns/${kind}`));
    }
    const open = spawnSync('ls', ['-l', `/proc/${process.pid}/fd`], { encoding: 'utf8' }).stdout;
    assert.doesNotMatch(open, /-> (\/proc\/\d+\/ns|\w+:\[402\d+\])/);
  });

  it('says how many processes it may not see, as an ordinary user', { skip }, () => {
    const script = `import(${JSON.stringify(library)}).then(({ list }) => console.log(list().unreadable))`;
    const theirRoot = isRoot ? [] : ['--user', '--map-root-user', '--map-auto'];
    const world = [...theirRoot, '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
    const drop = ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'];
    const shell = 'sleep 60 & sleep 60 & "$@"; :'; // three processes of root, the shell with them
    const args = [...world, 'sh', '-c', shell, 'sh', ...drop, process.execPath, '-e', script];
    const { stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
    assert.equal(stdout, '3\n', stderr);
  });
});
