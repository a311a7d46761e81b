import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderCompletion, SHELLS } from '../../src/cli/completion.js';
import type { CommandSpec } from '../../src/cli/options.js';
import { program } from './sample-command.js';
import { directory, has, inBash, inFish, inZsh, scriptOf, start } from './shells.js';

/** What no completion may run, and what stands in a table to be quoted. */
const HOSTILE = `it's "$(touch pwned)" \`touch pwned\` \\ [x]: $HOME`;

for (const shell of SHELLS) {
  test(`${shell} accepts the script, whatever stands in the table`, (t) => {
    if (!has(t, shell)) return;
    start(shell, ['-n', scriptOf(shell)]);
    const hostile: CommandSpec = {
      name: 'x',
      summary: HOSTILE,
      usage: [],
      operands: 'any',
      operand: { choices: [HOSTILE] },
      options: [
        {
          name: 'one',
          argument: 'required',
          value: HOSTILE,
          choices: [HOSTILE, 'b'],
          help: HOSTILE,
          group: '',
        },
        { name: 'two', argument: 'optional', choices: [HOSTILE], list: true, help: HOSTILE, group: '' },
      ],
      examples: [],
    };
    const path = join(directory, `hostile.${shell}`);
    writeFileSync(path, renderCompletion(shell, program, [hostile]));
    start(shell, ['-n', path]);
    if (shell === 'bash') {
      const call = 'source "$1"; COMP_WORDS=(isol8 x --one ""); COMP_CWORD=3; _isol8; printf %s "$COMPREPLY"';
      assert.equal(start('bash', ['--norc', '-c', call, 'bash', path]), HOSTILE);
    } else if (shell === 'fish') {
      const call = 'source $argv[1]; complete -C "isol8 x --one "';
      assert.ok(start('fish', ['--no-config', '-c', call, path]).includes('touch pwned'));
    } else {
      const lines = ['isol8 ', 'isol8 x --', 'isol8 x --one ', 'isol8 x --two=', 'isol8 x '];
      const answers = inZsh(lines, path);
      const plain = (line: string) => answers.get(line)?.map((answer) => answer.replace(/\\(.)/g, '$1'));
      for (const line of lines.slice(2)) assert.ok(plain(line)?.includes(HOSTILE), line);
    }
    assert.ok(!existsSync(join(directory, 'pwned')), 'nothing in the table is evaluated');
  });
}

const KINDS = ['cgroup', 'ipc', 'mount', 'net', 'pid', 'time', 'user', 'uts'];

test('bash completes commands, options and their values', (t) => {
  if (!has(t, 'bash')) return;
  assert.deepEqual(inBash('isol8 '), ['completion', 'doctor', 'ls', 'run']);
  assert.deepEqual(inBash('isol8 r'), ['run']);
  assert.deepEqual(inBash('isol8 --v'), ['--version']);
  assert.deepEqual(inBash('isol8 run --host'), ['--hostname']);
  assert.deepEqual(inBash('isol8 run -pf --mount-p'), ['--mount-proc', '--mount-propagation']);
  assert.deepEqual(inBash('isol8 run --zz'), []);
  assert.deepEqual(inBash('isol8 run --propagation s'), ['shared', 'slave']);
  assert.deepEqual(inBash('isol8 run --share '), KINDS);
  assert.deepEqual(inBash('isol8 run --share net,p'), ['net,pid']);
  assert.deepEqual(inBash('isol8 run --join n'), ['net=']);
  assert.deepEqual(inBash('isol8 run --hostname '), []);
  assert.deepEqual(inBash('isol8 run -u roo'), ['root']);
  assert.deepEqual(inBash('isol8 run -pfu roo'), ['root']);
  assert.ok(inBash('isol8 run --like ').includes(String(process.pid)));
  assert.deepEqual(inBash('isol8 run -w /us'), ['/usr']);
  assert.deepEqual(inBash('isol8 run --mount=a'), ['a file']);
  assert.deepEqual(inBash('isol8 ls 1 --js'), ['--json']);
  assert.deepEqual(inBash('isol8 completion z'), ['zsh']);
  for (const line of ['completion zsh ', 'completion zsh b', 'completion -- zsh '])
    assert.deepEqual(inBash(`isol8 ${line}`), []);
  assert.ok(inBash('isol8 ls 1 ').includes(String(process.pid)));
  assert.deepEqual(inBash('isol8 doctor '), []);
  assert.deepEqual(inBash('isol8 nonsense '), []);
});

test('bash completes --name=value whether or not = divides words', (t) => {
  if (!has(t, 'bash')) return;
  assert.deepEqual(inBash('isol8 run --propagation='), ['private', 'shared', 'slave', 'unchanged']);
  assert.deepEqual(inBash('isol8 run --prop=pr'), ['private']);
  assert.deepEqual(inBash('isol8 run --prop=pr', { breaks: '' }), ['--prop=private']);
  assert.deepEqual(inBash('isol8 run --share=net,p'), ['net,pid']);
  assert.deepEqual(inBash('isol8 run --map-users=0:1000:1 --prop=pr'), ['private']);
});

test('bash completes the command after the options, and its own options', (t) => {
  if (!has(t, 'bash')) return;
  for (const options of [
    '-p ',
    '--hostname x ',
    '--hostn x ',
    '-pfh x ',
    '-hx ',
    '--env=A=1 ',
    '-m ',
    '-- ',
  ]) {
    assert.deepEqual(inBash(`isol8 run ${options}bas`).includes('bash'), true, options);
    assert.deepEqual(inBash(`isol8 run ${options}bash --host`), [], options);
  }
  assert.deepEqual(inBash('isol8 run bash a'), ['a file']);
  const library = '/usr/share/bash-completion/bash_completion';
  if (!existsSync(library)) return t.skip('bash-completion is not there');
  assert.ok(inBash('isol8 run -pf -- bas', { library }).includes('bash'));
  // The completion of `kill` knows signals: proof that the other command's own completion ran.
  assert.ok(inBash('isol8 run --env=A=1 kill -TE', { library }).includes('-TERM'));
});

test('no completion runs what stands on the command line', (t) => {
  for (const word of ['$(touch pwned)', '`touch pwned`', '"$(touch pwned)"', '(touch pwned)']) {
    if (has(t, 'bash')) for (const line of [`isol8 run ${word} `, `isol8 run -w ${word}`]) inBash(line);
    if (has(t, 'fish')) for (const line of [`isol8 run ${word} `, `isol8 run sh ${word} a`]) inFish(line);
  }
  assert.ok(!existsSync(join(directory, 'pwned')));
});

test('fish completes commands, options and values with descriptions', (t) => {
  if (!has(t, 'fish')) return;
  const names = (line: string) => inFish(line).map((answer) => answer.split('\t')[0]);
  assert.deepEqual(names('isol8 '), ['completion', 'doctor', 'ls', 'run']);
  assert.deepEqual(inFish('isol8 run --host'), ['--hostname\tHost name inside']);
  assert.deepEqual(names('isol8 run -pf --mount-p'), [
    '--mount-proc',
    '--mount-proc=',
    '--mount-propagation',
  ]);
  assert.deepEqual(names('isol8 run --propagation s'), ['shared', 'slave']);
  assert.deepEqual(names('isol8 run --propagation=pr'), ['--propagation=private']);
  assert.deepEqual(names('isol8 run --share '), KINDS);
  assert.deepEqual(names('isol8 run --share net,p'), ['net,pid']);
  assert.deepEqual(names('isol8 run --share=net,p'), ['--share=net,pid']);
  assert.deepEqual(names('isol8 run --join n'), ['net=']);
  assert.deepEqual(names('isol8 run --hostname '), []);
  assert.deepEqual(names('isol8 run -u roo'), ['root']);
  assert.deepEqual(names('isol8 run -w /us'), ['/usr/']);
  assert.deepEqual(names('isol8 ls 1 --js'), ['--json']);
  assert.deepEqual(names('isol8 completion z'), ['zsh']);
  for (const line of ['completion zsh ', 'completion zsh b', 'completion -- zsh '])
    assert.deepEqual(names(`isol8 ${line}`), []);
  assert.ok(names('isol8 ls 1 ').includes(String(process.pid)));
  assert.deepEqual(names('isol8 doctor '), []);
  assert.deepEqual(names('isol8 run --mount-proc=/us'), ['--mount-proc=/usr/']);
  assert.deepEqual(names('isol8 run --explain='), ['--explain=c', '--explain=sh']);
});

test('fish completes the command after the options, and its own options', (t) => {
  if (!has(t, 'fish')) return;
  const other = 'complete -c bash -l colour -d hue';
  for (const options of ['-p ', '--hostname x ', '-pfh x ', '--env=A=1 ', '-m ', '-- ', '-p -- ']) {
    assert.ok(
      inFish(`isol8 run ${options}bas`).some((answer) => answer.startsWith('bash\t')),
      options,
    );
    assert.deepEqual(inFish(`isol8 run ${options}bash --`, other), ['--colour\thue'], options);
    assert.deepEqual(inFish(`isol8 run ${options}bash a`, other), ['a file'], options);
  }
});

test('zsh completes commands, options, values and the command after them', (t) => {
  if (!has(t, 'zsh')) return;
  const expected = new Map([
    ['isol8 ', ['completion', 'doctor', 'ls', 'run']],
    ['isol8 run --host', ['--hostname']],
    ['isol8 run -pf --mount-p', ['--mount-proc', '--mount-propagation']],
    ['isol8 run --propagation s', ['shared', 'slave']],
    ['isol8 run --propagation=pr', ['private']],
    ['isol8 run --share ', KINDS],
    ['isol8 run --share=net,p', ['pid']],
    ['isol8 run --join n', ['net=']],
    ['isol8 run -u roo', ['root']],
    ['isol8 run -w /us', ['usr']],
    ['isol8 ls 1 --js', ['--json']],
    ['isol8 completion z', ['zsh']],
    ['isol8 completion zsh ', []],
    ['isol8 completion -- zsh ', []],
    ['isol8 doctor x', []],
    ['isol8 run ls --versio', ['--version']],
    ['isol8 run --hostname x -- ls --versio', ['--version']],
    ['isol8 run -hx -p ls --hostn', []],
    ['isol8 run -p nohu', ['nohup']],
  ]);
  const answers = inZsh([...expected.keys()]);
  for (const [line, offered] of expected) assert.deepEqual(answers.get(line), offered, line);
});
