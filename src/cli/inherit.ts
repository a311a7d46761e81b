/**
 * What this process was given and the runtime has changed: Node sets signals to their defaults, Bun has a use for some, and
 * both raise the soft limit of open files. The first line of the built file says what it was ahead of the arguments, see
 * docs/decisions/014; the executable finds the other signals as they were.
 */
import { loadAddon } from '../syscalls/addon.js';
import { SIGNALS } from '../syscalls/constants.js';
import { noteInheritedOpenFiles } from '../syscalls/inherited.js';

/** Signals that are ignored, bit n for signal n + 1, and the limit; or a colon alone. */
const HEAD = /^:(?:(\d*):(\d*))?$/;

/** The arguments behind the head, which may be disguised by a colon, as runtimes would take them for their own. */
export function undisguised(given: readonly string[]): readonly string[] {
  if (!HEAD.test(given[0] ?? '')) return given;
  return given.slice(1).map((argument) => argument.replace(/^:/, ''));
}

/** Has what is started from now on inherit it all the same. */
export function inherit(head: string): void {
  if ('Bun' in globalThis) {
    loadAddon().keepIgnored(~OTHERS >>> 0, 0);
    return;
  }
  const [, ignored = '', limit = ''] = HEAD.exec(head) ?? [];
  const signals = withoutShells(Number(ignored)) & ~WAITED;
  if (signals !== 0) loadAddon().keepIgnored(0, signals >>> 0);
  if (limit !== '') noteInheritedOpenFiles(BigInt(limit));
}

/** Bash ignores SIGQUIT itself; what `&` has a command ignore is SIGINT too. */
const withoutShells = (ignored: number): number =>
  ignored & bitOf(SIGNALS.SIGINT) ? ignored : ignored & ~bitOf(SIGNALS.SIGQUIT);

const bitOf = (signal: number): number => 1 << (signal - 1);

/** Where it is ignored nobody can wait for a child. */
const WAITED = bitOf(SIGNALS.SIGCHLD);
/** Bun ignores these itself. */
const OTHERS = WAITED | bitOf(SIGNALS.SIGPIPE) | bitOf(SIGNALS.SIGXFSZ);
