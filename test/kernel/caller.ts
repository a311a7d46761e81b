/**
 * Who calls isol8 in a test: root, an ordinary user with subordinate ids, one without. Whoever is not this process
 * itself is a child (agent.ts), made by util-linux; the files that say who has subordinate ids are bound over the
 * machine's in a mount namespace of the child's own, so that the machine stays as it is.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn as spawnChild, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { type RunResult, type RunSpec, run } from '../../src/index.js';
import { environmentAgain, testAgain } from './again.js';
import { nodeCommand } from './node-command.js';

export interface Caller {
  run(command: string[], spec?: RunSpec): Promise<RunResult>;
  /** The trimmed standard output; throws when the program failed. */
  output(command: string | string[], spec?: RunSpec): Promise<string>;
  close(): Promise<void>;
}

/** What an agent says about an error: its fields, without its class. */
export class RemoteError extends Error {
  declare code: string;
  declare field: string | undefined;
}

export const isRoot = process.getuid?.() === 0;
const agent = new URL('./agent.ts', import.meta.url).pathname;
const root = new URL('../..', import.meta.url).pathname;
const nodeAgent = nodeCommand(agent);

const probe = spawnSync('unshare', ['--user', 'true'], { encoding: 'utf8' });
const without =
  probe.status === 0 ? false : `no user namespace can be made here: ${probe.stderr ?? probe.error}`;
const again = process.env.ISOL8_TEST_AGAIN === undefined ? false : 'only what needs root is run once more';
/** For tests among those of {@link describeAsRoot} that need more than the root of a user namespace can. */
export const nested = again && 'needs root of the machine';
/** False, or why no test that needs namespaces can run. */
export const skip: string | false = without || again;

/** This process itself. */
export const self: Caller = withOutput(run, async () => {});

/**
 * Declares tests that need root: for an ordinary user they are run once more, as a whole, by the root of a user
 * namespace that has its subordinate ids, who may do the same to whatever is made in there.
 */
export function describeAsRoot(file: string, title: string, tests: () => void): void {
  if (isRoot) {
    describe(title, { skip: without }, tests);
    return;
  }
  it(`${title}, as root of a user namespace`, { skip }, () => {
    const env = { ...environmentAgain(), ISOL8_TEST_AGAIN: '1' };
    const args = ['--user', '--map-root-user', '--map-auto', '--mount', ...testAgain(file)];
    const { status, stdout, stderr } = spawnSync('unshare', args, {
      cwd: root,
      env,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout + stderr);
  });
}

export const SUBORDINATE = { start: 300_000, count: 1000 };
const USER = 4242;

/** An ordinary user: this process, or uid 4242 with the subordinate ids 300000 to 300999. */
export function asUser(options: { subordinate?: boolean } = {}): Caller {
  const { subordinate = true } = options;
  if (!isRoot)
    return subordinate ? self : startAgent(['unshare', '--user', '--map-current-user', ...nodeAgent]);
  const folder = mkdtempSync(join(tmpdir(), 'isol8-etc-'));
  const line = `isol8probe:${SUBORDINATE.start}:${SUBORDINATE.count}\n`;
  const bind = { passwd: passwdWithUser(), subuid: subordinate ? line : '', subgid: subordinate ? line : '' };
  for (const [name, text] of Object.entries(bind)) writeFileSync(join(folder, name), text);
  const binds = Object.keys(bind).map((name) => `mount --bind ${folder}/${name} /etc/${name}`);
  const script = `${binds.join(' && ')} && exec setpriv --reuid ${USER} --regid ${USER} --clear-groups "$@"`;
  return startAgent(['unshare', '--mount', 'sh', '-ec', script, 'sh', ...nodeAgent], folder);
}

function passwdWithUser(): string {
  return `${readFileSync('/etc/passwd', 'utf8')}isol8probe:x:${USER}:${USER}::/nonexistent:/bin/sh\n`;
}

/** Any command line in front of the agent: a limit, a namespace of util-linux's making. */
export function behind(command: string[]): Caller {
  return startAgent([...command, ...nodeAgent]);
}

function startAgent([program, ...args]: string[], folder?: string): Caller {
  const child = spawnChild(program as string, args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> });
  const answers = lines[Symbol.asyncIterator]();
  const ask = async (command: readonly string[], spec: RunSpec = {}): Promise<RunResult> => {
    child.stdin?.write(`${JSON.stringify({ command, spec })}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error(`the agent (${program} ${args.join(' ')}) has ended`);
    const answer = JSON.parse(value);
    if (answer.error) throw Object.assign(new RemoteError(), answer.error);
    return answer.result;
  };
  return withOutput(ask, async () => {
    child.stdin?.end();
    if (child.exitCode === null) await once(child, 'exit');
    if (folder) rmSync(folder, { recursive: true });
  });
}

function withOutput(ask: Caller['run'], close: Caller['close']): Caller {
  return {
    run: ask,
    close,
    async output(command, spec) {
      const result = await ask(typeof command === 'string' ? ['sh', '-c', command] : command, spec);
      if (result.exitCode !== 0) {
        throw new Error(`${JSON.stringify(command)}: ${result.exitCode ?? result.signal}: ${result.stderr}`);
      }
      return result.stdout.trim();
    },
  };
}
