/** A person at a terminal: what is typed goes to a real pseudo terminal, what is seen comes from it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Process, spawn, type TerminalSize } from '../../src/index.js';
import { descendants, eventually, isAlive, program } from './cli-program.js';

const LIMIT_MILLISECONDS = 60_000;

/** `$ISOL8` starts the built command line. Without colours, escape sequences and a history. */
const ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  TERM: 'dumb',
  PS1: 'out> ',
  HISTFILE: '',
  ISOL8: `${process.execPath} ${program}`,
};

export class Terminal implements AsyncDisposable {
  readonly process: Process;
  #text = '';
  #seen = 0;
  #ended = false;

  private constructor(process: Process) {
    this.process = process;
    process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text;
    });
    process.stdout?.on('close', () => {
      this.#ended = true;
    });
  }

  /** A program with a terminal and nothing else of its own: all namespaces are ours. */
  static async open(command: readonly string[]): Promise<Terminal> {
    return new Terminal(await spawn(command, { namespaces: [], tty: true, env: ENV }));
  }

  /** `bash`, as one who has just opened a window has it. */
  static async openShell(): Promise<Terminal> {
    const terminal = await Terminal.open(['bash', '--norc', '--noprofile', '-i']);
    await terminal.see(/out> $/);
    return terminal;
  }

  type(text: string): void {
    this.process.stdin?.write(text);
  }

  resize(size: TerminalSize): void {
    this.process.resize(size);
  }

  /** Waits until this appears after what was seen before. */
  async see(expected: RegExp): Promise<RegExpExecArray> {
    for (const end = Date.now() + LIMIT_MILLISECONDS; Date.now() < end; await sleep(5)) {
      const ended = this.#ended; // what came before the end is still looked at
      const match = expected.exec(this.#text.slice(this.#seen));
      if (match) {
        this.#seen += match.index + match[0].length;
        return match;
      }
      if (ended) break;
    }
    throw new Error(`${expected} was not to be seen: ${JSON.stringify(this.#text)}`);
  }

  /** All that came until the program ended, with newlines as they were written. */
  async toTheEnd(): Promise<string> {
    await this.process.exited;
    for (const end = Date.now() + LIMIT_MILLISECONDS; !this.#ended && Date.now() < end; ) await sleep(5);
    return this.#text.replaceAll('\r\n', '\n');
  }

  /** Nobody is at the terminal any more. */
  hangUp(): void {
    this.process.stdout?.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const family = descendants(this.process.pid);
    await this.process[Symbol.asyncDispose]();
    await eventually(() => !family.some(isAlive), `${family} end`);
  }
}
