/** The built command line, started as a user starts it, and what the kernel says of its processes. */
import assert from 'node:assert/strict';
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ALL_KINDS, type NamespaceKind } from '../../src/namespaces/kinds.js';

export const program = new URL('../../dist/cli/main.js', import.meta.url).pathname;
assert.ok(existsSync(program), `${program} is not there: npm run build makes it, and npm test does so first`);

export const isRoot = process.getuid?.() === 0;
/** An ordinary user, of whom the machine knows nothing. */
export const USER = 4242;

export interface Outcome {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Start extends SpawnOptions {
  /** What standard input says before it ends; nothing without it. */
  readonly input?: string;
  /** Be an ordinary user without subordinate ids where the tests run as root. */
  readonly user?: boolean;
  /** A command line to go before: a limit, a mount namespace of util-linux's making. */
  readonly behind?: readonly string[];
}

/** Starts `isol8 ARGUMENTS`. */
export function start(args: readonly string[], options: Start = {}): ChildProcess {
  const { input, user, behind = [], ...rest } = options;
  const drop = user && isRoot ? ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'] : [];
  const [command, ...all] = [...behind, ...drop, process.execPath, '--', program, ...args] as [
    string,
    ...string[],
  ];
  const child = spawn(command, all, { stdio: ['pipe', 'pipe', 'pipe'], ...rest });
  child.stdin?.on('error', () => {}); // it may well end without having read
  child.stdin?.end(input);
  return child;
}

/** Far more than anything here takes, also where a hundred other processes want the processor. */
const LIMIT_MILLISECONDS = 60_000;

/** Runs `isol8 ARGUMENTS` to its end. */
export function isol8(args: readonly string[], options: Start = {}): Promise<Outcome> {
  return outcomeOf(start(args, { ...options, timeout: LIMIT_MILLISECONDS, killSignal: 'SIGKILL' }));
}

export function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
}

/** What a shell prints inside, for a test that it goes well in. */
export async function printed(options: readonly string[], script: string, more: Start = {}): Promise<string> {
  const outcome = await isol8(['run', ...options, '--', 'sh', '-c', script], more);
  assert.deepEqual({ status: outcome.status, stderr: outcome.stderr }, { status: 0, stderr: '' });
  return outcome.stdout.trimEnd();
}

/** What `look` finds, once it finds something. */
export async function eventually<T>(look: () => T | undefined | false, what: string): Promise<T> {
  for (const end = Date.now() + LIMIT_MILLISECONDS; Date.now() < end; await sleep(5)) {
    const found = look();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`it never happened: ${what}`);
}

/** A file under /proc, or '' when its process has gone. */
export function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}

/** The processes that a process has started, of all its threads, and theirs. */
export function descendants(pid: number): number[] {
  const threads = existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : [];
  const children = threads.flatMap((thread) => readProc(`${pid}/task/${thread}/children`).split(' '));
  return children
    .filter(Boolean)
    .map(Number)
    .flatMap((child) => [child, ...descendants(child)]);
}

/** The state letter of proc(5), `Z` also for what is gone. */
export function stateOf(pid: number): string {
  return /\) (\S)/.exec(readProc(`${pid}/stat`))?.[1] ?? 'Z';
}

export const isAlive = (pid: number): boolean => !'ZX'.includes(stateOf(pid));

/** The descendant that runs this program, as soon as there is one. */
export function descendant(of: number, name: string): Promise<number> {
  const look = (): number | undefined =>
    descendants(of).find((pid) => isAlive(pid) && readProc(`${pid}/comm`) === `${name}\n`);
  return eventually(look, `${name} runs below ${of}`);
}

export interface Running extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Of what was started: the command line at first, and then what has taken its place. */
  readonly pid: number;
  /** Of the program inside. */
  readonly inside: number;
}

/** Starts `isol8 ARGUMENTS`, which run a program of this name until the end of the block. */
export async function running(args: readonly string[], name: string, options: Start = {}): Promise<Running> {
  const child = start(args, options);
  const pid = child.pid as number;
  const all = (): number[] => [pid, ...descendants(pid)];
  const gone = (pids: number[]): Promise<boolean> =>
    eventually(() => !pids.some(isAlive), `${pids.join()} end`);
  try {
    const inside = await descendant(pid, name);
    // From the inside out, so that each is reaped by its parent: what is left to this process to reap never is, and a
    // PID 1 waits for everything in its namespace, for those too that were joined to it.
    const stop = async (): Promise<void> => {
      const pids = all();
      if (isAlive(inside)) process.kill(inside, 'SIGKILL');
      await gone(pids);
    };
    return { child, pid, inside, [Symbol.asyncDispose]: stop };
  } catch (error) {
    const pids = all();
    child.kill('SIGKILL');
    await gone(pids);
    throw error;
  }
}

/** `uts:[4026531838]` of every kind, for a process. */
export function namespacesOf(pid: number | 'self'): Record<NamespaceKind, string> {
  const links = ALL_KINDS.map((kind) => [kind, readlinkSync(`/proc/${pid}/ns/${kind}`)]);
  return Object.fromEntries(links) as Record<NamespaceKind, string>;
}
