import { escapeControls } from '../foundation/control-characters.js';
import { Isol8Error } from '../foundation/errors.js';
import { givenArguments } from '../syscalls/given-texts.js';
import { EXIT } from '../syscalls/wire.js';
import { inherit, undisguised } from './inherit.js';
import { STDERR, write } from './output.js';

/** A command is loaded when it is called, so that none pays for another. */
const COMMANDS: Readonly<Record<string, () => Promise<(argv: readonly string[]) => Promise<number>>>> = {
  run: async () => (await import('./commands/run.js')).run,
  unshare: async () => (await import('./commands/unshare.js')).unshare,
  enter: async () => (await import('./commands/enter.js')).enter,
  ls: async () => (await import('./commands/ls.js')).ls,
  inspect: async () => (await import('./commands/inspect.js')).inspectProcesses,
  graph: async () => (await import('./commands/graph.js')).graphOf,
  net: async () => (await import('./commands/net.js')).net,
  ns: async () => (await import('./commands/ns.js')).ns,
  gc: async () => (await import('./commands/gc.js')).gc,
  doctor: async () => (await import('./commands/doctor.js')).doctor,
  completion: async () => (await import('./commands/completion.js')).completion,
};

async function main(given: readonly string[]): Promise<number> {
  const argv = behindDashes(undisguised(givenArguments(given)));
  const [name = ''] = argv;
  if (PASS_ON.includes(name)) inherit(given[0] ?? '');
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load) return (await load())(argv.slice(1));
  const { overview } = await import('./commands/overview.js');
  return overview(argv);
}

/** Mistakes and refusals are told in their own words; anything else is a bug and keeps its stack. */
function report(error: unknown, command: string | undefined): number {
  const known = error instanceof Isol8Error;
  const name = command !== undefined && Object.hasOwn(COMMANDS, command) ? `isol8 ${command}` : 'isol8';
  const text = known
    ? error.message
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
  say(`${name}: ${text.split('\n').map(escapeControls).join('\n')}\n`);
  if (known && 'syscall' in error && error.syscall === 'execve') return execStatus(error.code);
  return AS_UTIL_LINUX.includes(command ?? '') ? 1 : EXIT.failed;
}

/** Commands that scripts call in place of util-linux's, which end with 1 when they fail, also for a mistake in the options. */
const AS_UTIL_LINUX: readonly string[] = ['unshare', 'enter', 'ls'];

/** The way around process.stderr needs the addon, and that it is not there may be what is to be said. */
function say(text: string): void {
  try {
    write(STDERR, text);
  } catch {
    process.stderr.write(text);
  }
}

const execStatus = (errno: string): number =>
  errno === 'ENOENT' || errno === 'ENOTDIR' ? EXIT.notFound : EXIT.notExecutable;

/** Commands whose program is to have what this process was given. */
const PASS_ON: readonly string[] = ['run', 'unshare', 'enter'];

/** Behind -- comes an operand, of which the first is the command. */
function behindDashes(argv: readonly string[]): readonly string[] {
  return argv[0] === '--' && Object.hasOwn(COMMANDS, argv[1] ?? '') ? argv.slice(1) : argv;
}

const given = process.argv.slice(2);
void main(given)
  .catch((error: unknown) => report(error, behindDashes(undisguised(given))[0]))
  .then((status) => process.exit(status));
