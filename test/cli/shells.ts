import { type ExecFileSyncOptions, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext } from 'node:test';
import { renderCompletion, SHELLS, type Shell } from '../../src/cli/completion.js';
import { commands, program } from './sample-command.js';

/** Where the scripts are, and where the shells run. */
export let directory = '';
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'isol8-completion-'));
  for (const shell of SHELLS) writeFileSync(scriptOf(shell), renderCompletion(shell, program, commands));
  writeFileSync(join(directory, 'a file'), '');
});
after(() => rmSync(directory, { recursive: true }));

export function scriptOf(shell: Shell): string {
  return join(directory, `isol8.${shell}`);
}

export function start(shell: string, args: readonly string[]): string {
  const options: ExecFileSyncOptions = { cwd: directory, timeout: 60_000, stdio: 'pipe' };
  return execFileSync(shell, args, { ...options, encoding: 'utf8' });
}

export function has(t: TestContext, shell: Shell): boolean {
  try {
    start(shell, ['-c', ':']);
    return true;
  } catch (error) {
    t.skip(`${shell} does not start: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

const BASH = `source "$1"; [[ -z $2 ]] || source "$2"
COMP_LINE=$3 COMP_POINT=\${#3} COMP_WORDBREAKS=$4; shift 4
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_isol8 isol8 "\${COMP_WORDS[COMP_CWORD]}"
printf '%s\\n' "\${COMPREPLY[@]}"`;

/** `breaks`: what of COMP_WORDBREAKS matters here. */
export function inBash(line: string, { library = '', breaks = '=:' } = {}): string[] {
  const parts = line.split(breaks === '' ? /\s+/ : /\s+|([=:]+)/);
  const words = parts.filter(
    (part, index) => part !== undefined && (part !== '' || index === parts.length - 1),
  );
  if (/[=:]$/.test(line) && words.at(-1) === '') words.pop();
  const args = ['--norc', '-c', BASH, 'bash', scriptOf('bash'), library, line, breaks, ...words];
  return lines(start('bash', args));
}

function lines(output: string): string[] {
  return [...new Set(output.split('\n').filter((line) => line !== ''))].sort();
}

export function inFish(line: string, setUp = ''): string[] {
  const args = [
    '--no-config',
    '-c',
    `source $argv[1]; ${setUp}; complete -C $argv[2]`,
    scriptOf('fish'),
    line,
  ];
  return lines(start('fish', args));
}

/** All lines in one zsh: its completion system takes a second to load. */
export function inZsh(wanted: readonly string[], script = scriptOf('zsh')): Map<string, string[]> {
  const output = start('zsh', ['-f', join(import.meta.dirname, 'complete-in.zsh'), script, ...wanted]);
  const answers = output.split(/^== /m).slice(1);
  return new Map(
    answers.map((answer, index) => [
      wanted[index] ?? '',
      [...new Set([...answer.matchAll(/HIT:([^\r\n]+)/g)].map((hit) => hit[1] ?? ''))].sort(),
    ]),
  );
}
