/** The examples as programs, each run as the caller and, where that is root, as an ordinary user as well. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { isRoot, skip } from '../kernel/caller.js';
import { nodeCommand } from '../kernel/node-command.js';

const root = new URL('../..', import.meta.url).pathname;
const USER = 4242;

export interface Caller {
  readonly name: string;
  readonly uid: number;
  /** The command line that becomes this user; none when it is the present one. */
  readonly become: readonly string[];
}

export const ordinary: Caller = isRoot
  ? {
      name: 'an ordinary user',
      uid: USER,
      become: ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'],
    }
  : { name: 'an ordinary user', uid: process.getuid?.() ?? USER, become: [] };

const callers: Caller[] = isRoot ? [{ name: 'root', uid: 0, become: [] }, ordinary] : [ordinary];

/** An IPC namespace of util-linux's making: ids are counted from 0 there, and nothing is left behind. */
export const freshIpc = isRoot ? ['unshare', '--ipc'] : ['unshare', '--user', '--map-current-user', '--ipc'];

/** Runs a command line from the root of the clone; gives its standard output. */
export function outputOf(command: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  const [program, ...args] = command as [string, ...string[]];
  const { NODE_TEST_CONTEXT: _, ...clean } = env;
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: root,
    env: clean,
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.deepEqual(
    { status, error },
    { status: 0, error: undefined },
    `${command.join(' ')}: ${stdout}${stderr}`,
  );
  return stdout;
}

/** False, or which of these programs is missing. */
export function missing(...programs: readonly string[]): string | false {
  const absent = programs.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
  return absent.length > 0 && `not installed here: ${absent.join(', ')}`;
}

interface Experiment {
  /** The file's name in examples/, without its ending. */
  readonly example: string;
  readonly args?: readonly string[];
  readonly needs?: readonly string[];
  /** Why it cannot run on this machine. */
  readonly unless?: string | false;
  /** A command line to go before. */
  readonly behind?: readonly string[];
}

/** Declares the test of an example: what it must have seen, in the words that it prints. */
export function experiment(
  title: string,
  { example, args = [], needs = [], unless = false, behind = [] }: Experiment,
  check: (output: string, caller: Caller) => void,
): void {
  describe(title, () => {
    for (const caller of callers) {
      it(`as ${caller.name}`, { skip: skip || unless || missing(...needs) }, () => {
        const command = [...nodeCommand(`examples/${example}.ts`), ...args];
        check(outputOf([...behind, ...caller.become, ...command]), caller);
      });
    }
  });
}

/** The groups of the first match; fails when there is none. */
export function found(pattern: RegExp, output: string): string[] {
  const match = pattern.exec(output);
  assert.ok(match, `${pattern} is not in:\n${output}`);
  return match.slice(1);
}
