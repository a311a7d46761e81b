import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { renderHelp, renderOverview } from '../../src/cli/help.js';
import { commands, program, run } from './sample-command.js';

const plain = (columns: number) => renderHelp('isol8', run, { columns, color: false });

test('no line is wider than the terminal, and none ends in a space', () => {
  for (const columns of [60, 80, 100, 120]) {
    for (const page of [plain(columns), renderOverview(program, commands, { columns, color: false })]) {
      for (const line of page.split('\n')) {
        assert.ok(line.length <= columns, `${columns}: ${line}`);
        assert.equal(line, line.trimEnd());
      }
    }
  }
});

test('every option is there once, with its value, under its heading, and hidden ones are not', () => {
  const page = plain(80);
  const headings = page.match(/^\S.*:$/gm);
  assert.deepEqual(headings, [
    'Usage:',
    'Namespaces:',
    'Process:',
    'Files:',
    'Identity:',
    'General:',
    'Examples:',
  ]);
  for (const { name } of run.options) {
    const shown = page.match(new RegExp(`^ {2}(-\\w, | {4})--${name}(?![\\w-])`, 'gm'));
    assert.equal(shown?.length ?? 0, name === 'zz-secret' ? 0 : 1, name);
  }
  assert.match(page, /^ {2}-m, --mount\[=FILE\] {2,}New mount/m);
  assert.match(page, /^ {2}-w, --workdir DIR {2,}Working directory \(also --wd\)\.$/m);
  assert.match(page, /^ {6}--setgroups allow\|deny {2,}The setgroups call\.$/m);
});

test('descriptions start in one column, also those of labels too long for it', () => {
  const lines = plain(80).split('\n');
  const start = lines.find((line) => line.includes('Working directory'))?.indexOf('Working');
  const long = lines.findIndex((line) => line.includes('--map-users'));
  assert.equal(lines[long]?.trim(), '--map-users INNER:OUTER:COUNT');
  assert.equal(lines[long + 1]?.search(/\S/), start);
  assert.equal(lines.find((line) => line.includes('Mount a new'))?.indexOf('Mount a new'), start);
});

test('the help of a command, whole', () => {
  const small = { ...run, options: run.options.filter(({ group }) => group === 'Files') };
  assert.equal(
    renderHelp('isol8', small, { columns: 72, color: false }),
    `Run a command in new namespaces.

Usage:
  isol8 run [options] [--] COMMAND [ARG]...
  isol8 run [options] --explain[=FORMAT] [--] COMMAND [ARG]...

Starts COMMAND in new namespaces of all eight kinds, unless --share or
--join say otherwise. Without a COMMAND it is the user's shell.

The exit status is the command's own, 128+N when signal N ended it.

Files:
      --mount-proc[=DIR]  Mount a new /proc.
      --propagation MODE  How mounts travel between the namespaces (also
                          --mount-propagation; one of private, shared,
                          slave, unchanged).

Examples:
  A shell in eight new namespaces.
    $ isol8 run

  Root inside, an ordinary user outside, with a host name.
    $ isol8 run --hostname box -- bash
`,
  );
});

test('the overview names every command with its summary', () => {
  const page = renderOverview(program, commands, { columns: 80, color: false });
  for (const { name, summary } of commands)
    assert.ok(page.includes(`  ${name.padEnd(10)}  ${summary}\n`), page);
  assert.match(page, /^Usage:\n {2}isol8 COMMAND \[options\]$/m);
  assert.match(page, /^ {2}-V, --version {2}Show the version\.$/m);
});

test('colour changes no character of the text, and there is none unless asked for', () => {
  const coloured = renderHelp('isol8', run, { columns: 80, color: true });
  assert.equal(stripVTControlCharacters(coloured), plain(80));
  assert.notEqual(coloured, plain(80));
  assert.ok(coloured.includes('\x1b[1mUsage:\x1b[0m'));
  assert.ok(!plain(80).includes('\x1b'));
});
