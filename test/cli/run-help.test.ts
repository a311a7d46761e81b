import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { NET_ACTIONS } from '../../src/cli/commands/net-options.js';
import { attachSpecOf, networkSpecOf } from '../../src/cli/commands/net-spec.js';
import { runCommand } from '../../src/cli/commands/run-options.js';
import { type RunOptions, specOf } from '../../src/cli/commands/run-spec.js';
import { COMMANDS, program as table } from '../../src/cli/commands/table.js';
import { parseOptions } from '../../src/cli/getopt.js';
import { renderHelp, renderOverview } from '../../src/cli/help.js';
import { type CommandSpec, longNames, visibleOptions } from '../../src/cli/options.js';
import { checkAttachSpec, checkNetworkSpec } from '../../src/network/spec.js';
import { parseSpec } from '../../src/sandbox/parse.js';
import { isol8 } from '../kernel/cli-program.js';
import { Terminal } from '../kernel/cli-terminal.js';

const scratch = mkdtempSync(join(tmpdir(), 'isol8-help-'));
after(() => rmSync(scratch, { recursive: true }));

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

async function said(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await isol8(args);
  assert.deepEqual([status, stderr], [0, '']);
  return stdout;
}

describe('the help', () => {
  test('of isol8 run has every option with all its names, and every example', async () => {
    const page = (await said('run', '--help')).replace(/\n\s+/g, ' ');
    for (const option of visibleOptions(runCommand)) {
      for (const name of longNames(option)) assert.match(page, new RegExp(`--${name}\\b`));
      if (option.short) assert.match(page, new RegExp(` -${option.short}, --${option.name}\\b`));
    }
    for (const { command, text } of runCommand.examples)
      assert.ok(page.includes(`${text}. $ ${command}`), command);
    for (const word of ['125', '126', '127', '128+N', 'not yet confined'])
      assert.ok(page.includes(word), word);
  });

  test('of isol8 names its commands, and is the answer to isol8 help, -h and no command at all', async () => {
    const page = await said('--help');
    const lines = page.split('\n').map((line) => line.trim().replace(/ +/g, ' '));
    for (const { name, summary } of COMMANDS) assert.ok(lines.includes(`${name} ${summary}`), name);
    assert.equal(await said('help'), page);
    assert.equal(await said('-h'), page);
    const { status, stdout, stderr } = await isol8([]);
    assert.deepEqual([status, stdout, stderr], [125, '', page]);
  });

  test('fits into 80 columns', () => {
    const layout = { columns: 80, color: false };
    const pages = [
      renderOverview(table, COMMANDS, layout),
      ...COMMANDS.map((one) => renderHelp('isol8', one, layout)),
    ];
    const lines = pages.flatMap((page) => page.split('\n'));
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
    );
    const at = lines.findIndex((line) => line.endsWith(' \\'));
    assert.match(lines[at + 1] ?? '', /^ {6}[^ $]/, 'the rest of a command has no prompt');
  });

  test('comes with -h too, where no other option has that letter', async () => {
    const others = COMMANDS.filter((command) =>
      visibleOptions(command).some(({ name, short }) => short === 'h' && name !== 'help'),
    );
    assert.deepEqual(
      others.map(({ name }) => name),
      ['run', 'ns'],
    );
    for (const command of COMMANDS.filter((each) => !others.includes(each))) {
      const { name } = command;
      assert.equal(await said(name, '-h'), await said(name, '--help'), name);
    }
  });

  test('of isol8 completion tells how to load each', async () => {
    const page = await said('completion', '--help');
    for (const shell of ['bash', 'zsh', 'fish']) assert.ok(page.includes(`isol8 completion ${shell}`), shell);
  });

  test('has colour on a terminal, unless NO_COLOR says otherwise, and never in a pipe', async () => {
    const onTerminal = async (setting: string): Promise<string> => {
      await using terminal = await Terminal.open(['sh', '-c', `${setting} TERM=xterm $ISOL8 run --help`]);
      return await terminal.toTheEnd();
    };
    assert.ok((await onTerminal('')).includes('\x1b[1mUsage:'));
    assert.ok(!(await onTerminal('NO_COLOR=1')).includes('\x1b'));
    assert.ok(!(await said('run', '--help')).includes('\x1b'));
  });

  test('belongs to the command behind the options: isol8 run ls --help is the help of ls', () => {
    const { operands, has } = parseOptions(runCommand, ['-r', 'ls', '--help']);
    assert.deepEqual([operands, has('help')], [['ls', '--help'], false]);
  });
});

test('isol8 --version and isol8 run --version are the version of the package', async () => {
  assert.equal(await said('--version'), `isol8 ${version}\n`);
  assert.equal(await said('-V'), `isol8 ${version}\n`);
  assert.equal(await said('run', '--version'), `isol8 ${version}\n`);
});

/** What must be among the operands of a command that has actions. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = { net: NET_ACTIONS, ns: ['add', 'rm', 'ls'] };

describe('every example in the help is a command line that its command accepts', () => {
  const commands: readonly CommandSpec[] = [table, ...COMMANDS];
  const examples = commands.flatMap((command) => command.examples.map(({ command: line }) => line));
  // The shell's pipes, redirections and substitutions are no part of it.
  const whole = examples.map((line) => line.replaceAll('\\\n', ''));
  const lines = whole.flatMap((line) => line.match(/\bisol8 [^|<>()]+/g) ?? []);
  for (const line of lines)
    test(line, () => {
      const [, name = '', ...words] = line.trim().split(/\s+/);
      const command = COMMANDS.find((each) => each.name === name);
      assert.ok(command, `there is no isol8 ${name}`);
      const options = parseOptions(command, words);
      const [action = ''] = options.operands;
      if (name in ACTIONS) assert.ok(ACTIONS[name]?.includes(action), `there is no ${action}`);
      if (name === 'run' && !options.has('help'))
        parseSpec(options.operands.length > 0 ? options.operands : ['sh'], specOf(options as RunOptions));
      if (name === 'net' && action === 'create') checkNetworkSpec({ name: 'web', ...networkSpecOf(options) });
      if (name === 'net' && action === 'connect') checkAttachSpec(attachSpecOf(options));
    });

  test('and each command has some', () => {
    const shown = new Set(lines.map((line) => line.split(' ')[1]));
    assert.deepEqual(
      COMMANDS.map(({ name }) => name).filter((name) => !shown.has(name)),
      [],
    );
  });
});

describe('isol8 completion', () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    test(`prints a script for ${shell} that it can read, and that knows commands, options and values`, async (t) => {
      const script = await said('completion', shell);
      for (const word of ['run', 'completion', 'hostname', 'map-users', 'propagation', 'unchanged']) {
        assert.ok(script.includes(word), word);
      }
      writeFileSync(join(scratch, shell), script);
      const { error, status, stderr } = spawnSync(shell, ['-n', join(scratch, shell)], { encoding: 'utf8' });
      if (error) return t.skip(`${shell} does not start: ${error.message}`);
      assert.deepEqual([status, stderr], [0, '']);
    });
  }
});
