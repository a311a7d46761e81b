/** That the guide tells the truth: its commands print here what it says, and both languages show the same. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { skip } from '../kernel/caller.js';
import { program } from '../kernel/cli-program.js';
import { freshIpc, missing, ordinary } from './example.js';
import { compareSession, parseSession, runSession } from './session.js';

const guide = new URL('../../docs/guide/', import.meta.url);
const sessions = new URL('sessions/', guide);
const examples = readdirSync(new URL('../../examples/', import.meta.url)).filter((name) =>
  /^\d\d-.*\.ts$/.test(name),
);

const TOOLS: Readonly<Record<string, readonly string[]>> = {
  '06': ['ipcmk', 'ipcs', 'ipcrm', 'unshare'],
  '11': ['getent', 'ip', 'nft'],
  '12': ['ip', 'nft'],
};

/** What the shell of a session runs behind; the command that page 12 says to begin with is among it. */
function behind(file: string): readonly string[] {
  if (file.startsWith('06')) return [...freshIpc, ...ordinary.become];
  if (file !== '12-command.txt') return ordinary.become;
  const own = ['run', '-r', '--share', 'pid,uts,ipc,cgroup,time', '--tmpfs', '/run', '--'];
  return [...ordinary.become, process.execPath, program, ...own];
}

describe('what the guide shows of a terminal is what its commands print', () => {
  for (const file of readdirSync(sessions).sort()) {
    const tools = TOOLS[file.slice(0, 2)] ?? ['ps', 'top'];
    it(file, { skip: skip || missing('bash', ...tools) }, () => {
      const steps = parseSession(readFileSync(new URL(file, sessions), 'utf8'));
      compareSession(steps, runSession(steps, behind(file)));
    });
  }
});

describe('a session is refused', () => {
  const steps = parseSession('$ one\nprocess 77 of 0 in uts:[4001]\n…\n$ two\nanother in uts:[4002]\n');
  const compare = (first: string[], second: string[]) => () => compareSession(steps, [first, second]);

  it('not for another pid or inode, or for lines that are left out', () => {
    compare(['process 5  of 0 in uts:[5001]', 'more'], ['another in uts:[5002]'])();
  });

  for (const [what, first, second] of [
    ['another number that is a fact', ['process 77 of 1 in uts:[4001]'], ['another in uts:[4002]']],
    ['inodes that are equal', ['process 77 of 0 in uts:[4001]'], ['another in uts:[4001]']],
    ['a line too many', ['process 77 of 0 in uts:[4001]'], ['another in uts:[4002]', 'more']],
    ['a line too few', [], ['another in uts:[4002]']],
  ] as const)
    it(`for ${what}`, () => assert.throws(compare([...first], [...second]), assert.AssertionError));

  for (const other of ['10.1.0.8/24 by port 80', '10.1.0.7/16 by port 80', '10.1.0.7/24 by port 81'])
    it(`for another address, prefix length or port: ${other}`, () => {
      const shown = parseSession('$ one\n10.1.0.7/24 by port 80 in 5.3 ms\n');
      compareSession(shown, [['10.1.0.7/24 by port 80 in 0.2 ms']]);
      assert.throws(() => compareSession(shown, [[`${other} in 5.3 ms`]]), assert.AssertionError);
    });
});

describe('the guide in both languages', () => {
  const names = examples.map((name) => name.replace('.ts', '.md'));
  for (const language of ['en', 'zh'])
    it(`has a page for every example: ${language}`, () => {
      const pages = readdirSync(new URL(`${language}/`, guide)).sort();
      assert.deepEqual(pages, ['README.md', ...names].sort());
    });

  it('includes the same programs and sessions in the same order, and every one of them', () => {
    const included = (language: string, name: string): (string | undefined)[] => {
      const text = readFileSync(new URL(`${language}/${name}`, guide), 'utf8');
      return [...text.matchAll(/^<!-- include: (.*) -->$/gm)].map(([, path]) => path);
    };
    for (const name of names) assert.deepEqual(included('zh', name), included('en', name), name);
    const all = names.flatMap((name) => included('en', name)).sort();
    const there = [
      ...examples.map((name) => `examples/${name}`),
      ...readdirSync(sessions).map((name) => `docs/guide/sessions/${name}`),
    ];
    assert.deepEqual(
      all.filter((path) => !/^examples\/\D/.test(path as string)),
      there.sort(),
    );
  });
});
