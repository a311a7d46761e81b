import { Isol8Error } from '../../foundation/errors.js';
import type { Process } from '../../sandbox/process.js';
import type { SignalName } from '../../sandbox/process-spec.js';
import { ownsKeys } from './callers-terminal.js';

/**
 * Signals that would end this process, and are the program's to answer. Left out are those that no process catches
 * (SIGKILL, SIGSTOP), real-time ones, which Node does not know, what a fault of this process itself would raise again and
 * again (SIGSEGV, SIGBUS, SIGFPE, SIGILL), and SIGPROF, which is the runtime's own under --cpu-prof.
 */
const FORWARDED: readonly SignalName[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTRAP',
  'SIGABRT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGTERM',
  'SIGSTKFLT',
  'SIGCONT',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGIO',
  'SIGPWR',
  'SIGSYS',
];
/** With a terminal in between, the one is about this process's own output, and the other is said by the new size. */
const WITHOUT_TERMINAL: readonly SignalName[] = ['SIGPIPE', 'SIGWINCH'];
/** What a terminal sends to its whole foreground group. */
const BY_TERMINAL: readonly SignalName[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH'];

/**
 * What comes before the program has started is kept for it. Without a terminal of its own the program is in our process
 * group and has had what a key sent already.
 */
export function catchSignals(tty: boolean): (child: Process) => void {
  const early: SignalName[] = [];
  let pass = (name: SignalName): unknown => early.push(name);
  for (const name of tty ? FORWARDED : [...FORWARDED, ...WITHOUT_TERMINAL]) {
    process.on(name, () => {
      if (tty || !BY_TERMINAL.includes(name) || !ownsKeys()) pass(name);
    });
  }
  return (child) => {
    pass = (name) => passTo(child, name);
    early.forEach(pass);
  };
}

/** A program may have become somebody whom this process may not signal: no reason to leave it and the terminal alone. */
function passTo(child: Process, name: SignalName): void {
  try {
    child.kill(name);
  } catch (error) {
    if (!(error instanceof Isol8Error)) throw error;
  }
}
