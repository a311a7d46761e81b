/** What strace(1) saw of a launcher that ran a plan, beside what explain printed of the same plan. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explainPlan } from '../../src/sandbox/explain/explain.js';
import { currentArchitecture } from '../../src/syscalls/architecture.js';
import { encodePlan } from '../../src/syscalls/encode.js';
import type { Plan } from '../../src/syscalls/plan.js';
import { skip as noNamespaces } from './caller.js';

const C_FLAGS = [
  ...['-std=c11', '-Os', '-Wall', '-Wextra', '-Werror', '-ffreestanding', '-fno-stack-protector'],
  ...['-fno-asynchronous-unwind-tables', '-fno-unwind-tables', '-static', '-nostdlib'],
  ...['-Wl,--build-id=none', '-Wl,-z,noexecstack', '-s', '-Inative/include'],
];

const has = (tool: string, argument: string): boolean => spawnSync(tool, [argument]).status === 0;

/** Why plans cannot be run here, or false. */
export const cannotRun: string | false =
  noNamespaces || (has('cc', '--version') ? false : 'no C compiler (cc) to build the launcher with');

/** Why they cannot be traced, or false. */
export const cannotTrace: string | false =
  cannotRun || (has('strace', '-V') ? false : 'no strace (Debian package strace)');

/** A folder of its own that goes away with the test. */
export function withFolder<T>(body: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'isol8-explain-'));
  try {
    return body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

let built: string | undefined;

/** The launcher, built once for each test file. */
function buildLauncher(): string {
  if (built !== undefined) return built;
  const folder = mkdtempSync(join(tmpdir(), 'isol8-explain-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const launcher = join(folder, 'launcher');
  const sources = readdirSync('native/launcher').filter((name) => name.endsWith('.c'));
  const files = sources.map((name) => join('native/launcher', name));
  const cc = spawnSync('cc', [...C_FLAGS, ...files, '-o', launcher], { encoding: 'utf8' });
  if (cc.status !== 0) throw new Error(`the launcher does not build: ${cc.stderr}`);
  built = launcher;
  return launcher;
}

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

/** Runs the launcher with the plan as its descriptor `planAt`, under `wrapper` if there is one. */
function runLauncher(
  plan: Plan,
  folder: string,
  options: { planAt: number; wrapper: readonly string[]; terminal?: number | undefined },
): Ran {
  const launcher = buildLauncher();
  const file = join(folder, 'plan');
  writeFileSync(file, encodePlan(plan, currentArchitecture()));
  const fd = openSync(file, 'r');
  const status = openSync('/dev/null', 'r+');
  const lifeline = openFifo(join(folder, 'lifeline'));
  try {
    const [program = launcher, ...args] = [...options.wrapper, launcher, String(options.planAt)];
    const inherited = [status, lifeline].slice(0, options.planAt - 3);
    const stdio: ('ignore' | 'pipe' | number)[] = [
      options.terminal ?? 'ignore',
      'pipe',
      'pipe',
      ...inherited,
      fd,
    ];
    return spawnSync(program, args, { stdio, encoding: 'utf8', timeout: 100_000 });
  } finally {
    closeSync(fd);
    closeSync(status);
    closeSync(lifeline);
  }
}

/** With a writer, so that it is neither readable nor hung up. */
function openFifo(path: string): number {
  spawnSync('mkfifo', [path]);
  return openSync(path, 'r+');
}

export const runPlan = (plan: Plan, planAt = 3): Ran =>
  withFolder((folder) => runLauncher(plan, folder, { planAt, wrapper: [] }));

export interface Call {
  readonly call: string;
  readonly result: string;
}

/** A process as explain prints it; `name` stands for its pid, and the first process has none. */
export interface Printed {
  readonly name: string;
  readonly calls: Call[];
}

/**
 * The calls of each process by its pid, without the launcher's own; the first is the one that was started first. Its
 * standard input is `terminal`, if that is given.
 */
export function tracePlan(
  plan: Plan,
  planAt = 3,
  terminal?: number,
): { ran: Ran; processes: Map<string, Call[]> } {
  return withFolder((folder) => {
    const file = join(folder, 'trace');
    const wrapper = [
      'strace',
      '-f',
      '-v',
      '-s',
      '9999',
      '-e',
      'signal=none',
      '--decode-pids=pidns',
      '-o',
      file,
    ];
    const ran = runLauncher(plan, folder, { planAt, wrapper, terminal });
    return { ran, processes: parseTrace(readFileSync(file, 'utf8')) };
  });
}

function parseTrace(text: string): Map<string, Call[]> {
  const processes = new Map<string, Call[]>();
  const begun = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, pid, shown] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || shown === undefined || /^(\+\+\+|---)/.test(shown)) continue;
    if (!processes.has(pid)) processes.set(pid, []);
    const unfinished = /^(.*?) ?<unfinished \.\.\.>$/.exec(shown)?.[1];
    if (unfinished !== undefined) {
      begun.set(pid, unfinished);
      continue;
    }
    const whole = shown.replace(/^<\.\.\. \w+ resumed>/, () => begun.get(pid) ?? '');
    const [, call, result] = /^(.*\))\s+= (\S+.*)$/.exec(whole) ?? [];
    if (call !== undefined && result !== undefined) processes.get(pid)?.push({ call, result });
  }
  // execve, lseek, mmap and close of the plan are the launcher's own, and in no plan
  const [first] = processes.values();
  first?.splice(0, 4);
  return processes;
}

/** The calls that explain prints; a process stands behind the one that starts it. */
export function printedCalls(plan: Plan): Printed[] {
  const text = explainPlan(plan, {
    format: 'strace',
    architecture: currentArchitecture(),
    showEnvironment: true,
  });
  const blocks: Printed[] = [{ name: '', calls: [] }];
  const stack = [{ indent: -1, block: blocks[0] as Printed }];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const indent = line.search(/\S/);
    while ((stack.at(-1)?.indent ?? -1) > indent) stack.pop();
    const name = /^ +# .*<(.*)>.*:$/.exec(line)?.[1];
    if (name !== undefined) {
      const block = { name, calls: [] };
      blocks.push(block);
      stack.push({ indent, block });
    } else stack.at(-1)?.block.calls.push(parsePrinted(line.trim()));
  }
  return blocks;
}

function parsePrinted(line: string): Call {
  if (line.startsWith('#')) return { call: line.split('  #')[0] as string, result: '' };
  // the comment begins behind the last text that the call has
  const end = line.indexOf('  #', line.lastIndexOf('")') + 1);
  const bare = (end < 0 ? line : line.slice(0, end)).trimEnd();
  const [, call = bare, result = ''] = /^(.*\)) = (<[^>]*>)$/.exec(bare) ?? [];
  return { call, result };
}

/** Order of flags, pids in paths and padding are strace's or the launcher's affair. */
function normalise(call: string): string {
  return call
    .replace(/\/proc\/+(\d+)/g, '/proc/$1')
    .replace(/"0+(\d+)"/g, '"$1"')
    .replace(/\b[A-Z][A-Z0-9_]*(?:\|[A-Z0-9_x]+)+/g, (flags) => flags.split('|').sort().join('|'));
}

/** Compares one call; `<name>` stands for one value wherever it appears. Returns what is wrong, or undefined. */
export function differs(printed: Call, ran: Call, known: Map<string, string>): string | undefined {
  const pattern = `${normalise(printed.call)}${printed.result === '' ? '' : ` = ${printed.result}`}`;
  const shown = `${normalise(ran.call)}${printed.result === '' ? '' : ` = ${ran.result.split(' ')[0]}`}`;
  const names: string[] = [];
  const source = pattern
    .split(/(<[^>]*>|"\.\.\.)/)
    .map((part) => {
      if (part === '"...') return '.*"';
      const name = /^<(.*)>$/.exec(part)?.[1];
      if (name === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      const value = known.get(name);
      if (value !== undefined) return value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      names.push(name);
      return '(-?\\d+|0x[0-9a-f]+|"[^"]*"|\\[[^\\]]*\\]|\\{[^}]*\\})';
    })
    .join('');
  const match = new RegExp(`^${source}$`).exec(shown);
  if (!match) return `printed ${pattern}\n    ran ${shown}`;
  for (const [i, name] of names.entries())
    if (/^\d+$/.test(match[i + 1] ?? '')) known.set(name, match[i + 1] as string);
  const child = /^<(pid of .*)>$/.exec(printed.result)?.[1];
  if (child !== undefined) known.set(GLOBAL + child, /\/\* (\d+) in/.exec(ran.result)?.[1] ?? ran.result);
  return undefined;
}

/** Before the name of a pid: what it is to strace, outside of all pid namespaces. */
export const GLOBAL = 'global ';
