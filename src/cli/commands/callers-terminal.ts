import type { TerminalSize } from '../../sandbox/stdio.js';
import { trySyscall } from '../../syscalls/binding.js';
import { IOCTL, SIG_MASK, SIGNALS } from '../../syscalls/constants.js';
import { errnoNumber } from '../../syscalls/errno.js';
import { readTextFileIfAny } from '../../syscalls/files.js';
import { STDIN, STDOUT, terminalSize } from '../output.js';

/** Of asm-generic/termbits.h: four words of flags, the line discipline, then the control characters. */
const SETTINGS_SIZE = 64;
const FLAGS = { input: 0, output: 4, control: 8, local: 12 } as const;
/** c_cc begins at 17; VTIME is its entry 5, VMIN 6. */
const [VTIME, VMIN] = [22, 23];

/** Of the terminal of output or input. A serial line has 0 columns and rows, which means that nobody knows. */
export function callersSize(): TerminalSize {
  const known = [STDOUT, STDIN].map(terminalSize).find((size) => size && size.columns > 0 && size.rows > 0);
  return known ?? { columns: 80, rows: 24 };
}

interface Job {
  /** This process's group. */
  readonly own: number;
  /** The one that the controlling terminal's keys go to; -1 without a terminal. */
  readonly foreground: number;
}

/** From proc(5): PID (COMM) STATE PPID PGRP SESSION TTY TPGID …, where COMM may hold anything. */
function readJob(): Job {
  const stat = readTextFileIfAny('/proc/self/stat') ?? '';
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { own: Number(fields[2] ?? 0), foreground: Number(fields[5] ?? -1) };
}

/** Whether a key that signals, like Ctrl-C, has reached this process and what it started in the same group alike. */
export function ownsKeys(): boolean {
  const { own, foreground } = readJob();
  return own === foreground;
}

/** The controlling terminal is another group's, and stops who changes it. */
function isInBackground(): boolean {
  const { own, foreground } = readJob();
  return foreground >= 0 && foreground !== own;
}

/**
 * What there is to know of the terminal on standard input before a program has it. The returned function makes the
 * terminal again as it was, as the launcher does (native/launcher/supervise.c) where it stands in for this process.
 */
export function keepTerminal(): () => void {
  const settings = readSettings();
  const { own, foreground } = readJob();
  if (own !== foreground || !settings) return () => {};
  return () => {
    if (takeBack(own)) trySyscall('ioctl', STDIN, IOCTL.TCSETS, settings);
  };
}

/**
 * Lets everything through as it is until the returned function is called, but for the time that this process is stopped:
 * whoever has the terminal then finds it as it was before.
 */
export function makeTerminalRaw(): () => void {
  const settings = readSettings();
  if (!settings) return () => {};
  const raw = rawSettings(settings);
  const set = (to: Uint8Array): void => void trySyscall('ioctl', STDIN, IOCTL.TCSETS, to);
  const goOn = (): void => {
    if (!isInBackground()) set(raw);
  };
  const stop = (): void => {
    if (!isInBackground()) set(settings);
    process.removeListener('SIGTSTP', stop);
    process.kill(process.pid, 'SIGTSTP'); // by default now, which stops nobody whom no shell could continue
    process.on('SIGTSTP', stop);
    goOn();
  };
  set(raw);
  process.on('SIGTSTP', stop).on('SIGCONT', goOn);
  return () => {
    process.removeListener('SIGTSTP', stop).removeListener('SIGCONT', goOn);
    set(settings);
  };
}

/**
 * As cfmakeraw(3) has it. Node's own setRawMode goes on turning each newline into two characters, which takes a
 * full-screen program to the first column.
 */
function rawSettings(settings: Uint8Array): Uint8Array {
  const raw = settings.slice();
  const flags = new DataView(raw.buffer);
  const change = (at: number, off: number, on = 0): void =>
    flags.setUint32(at, (flags.getUint32(at, true) & ~off) | on, true);
  change(FLAGS.input, 0o2753); // IGNBRK BRKINT PARMRK ISTRIP INLCR IGNCR ICRNL IXON
  change(FLAGS.output, 0o1); // OPOST
  change(FLAGS.control, 0o460, 0o60); // CSIZE PARENB, CS8
  change(FLAGS.local, 0o100113); // ISIG ICANON ECHO ECHONL IEXTEN
  raw[VMIN] = 1;
  raw[VTIME] = 0;
  return raw;
}

function readSettings(): Uint8Array | undefined {
  const settings = new Uint8Array(SETTINGS_SIZE);
  return trySyscall('ioctl', STDIN, IOCTL.TCGETS, settings) < 0 ? undefined : settings;
}

/** A shell inside has moved the terminal to its own group: taken back when that is gone, left to whoever else has it. */
function takeBack(own: number): boolean {
  const { foreground } = readJob();
  if (foreground === own) return true;
  if (foreground <= 0 || trySyscall('kill', -foreground, 0) !== -errnoNumber('ESRCH')) return false;
  // The kernel stops a group in the background that does this, unless the calling thread is deaf to the signal.
  const mask = new BigUint64Array([1n << BigInt(SIGNALS.SIGTTOU - 1)]);
  trySyscall('rt_sigprocmask', SIG_MASK.BLOCK, new Uint8Array(mask.buffer), null, 8);
  return trySyscall('ioctl', STDIN, IOCTL.TIOCSPGRP, new Int32Array([own])) >= 0;
}
