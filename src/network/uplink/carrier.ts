import type { Readable } from 'node:stream';
import { Isol8Error } from '../../foundation/errors.js';
import { callerFacts, hasCapability } from '../../sandbox/caller-facts.js';
import type { Process } from '../../sandbox/process.js';
import { spawn } from '../../sandbox/spawn.js';
import type { Stdio } from '../../sandbox/stdio.js';
import type { UplinkProgram } from './requirements.js';
import { tunError } from './requirements.js';

/** Group of nobody, for the program of another user. */
const NOGROUP = 65_534;

/** As much of what the program says as an error can hold. */
const WORDS = 4096;

/** The program that carries the packets, and what it has said. */
export class Carrier {
  readonly process: Process;
  readonly #name: string;
  #said = '';

  private constructor(process: Process, name: string) {
    this.process = process;
    this.#name = name;
    const words = process.stdio[2] as Readable;
    words.setEncoding('utf8');
    words.on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-WORDS);
    });
  }

  /**
   * Starts it as whoever owns the user namespace. It ends when this process does: by the parent-death signal, and where that
   * is allowed with a pid namespace of its own, which also takes what it has started.
   *
   * `stdio[2]` is ours.
   */
  static async start(
    { kind, path }: UplinkProgram,
    args: readonly string[],
    { stdio, owner }: { stdio: readonly Stdio[]; owner: number },
  ): Promise<Carrier> {
    const { capabilities } = callerFacts();
    const isOwner = process.geteuid?.() === owner;
    const child = await spawn([path, ...args], {
      namespaces: hasCapability(capabilities, 'SYS_ADMIN') ? ['pid'] : [],
      stdio,
      cwd: '/',
      env: {},
      noNewPrivileges: true,
      ...(isOwner ? {} : { uid: owner, gid: NOGROUP }),
    });
    return new Carrier(child, kind);
  }

  /** Rejects when the program ends, which it does not do on purpose. */
  async ended(): Promise<never> {
    const { exitCode, signal } = await this.process.exited;
    throw this.failure(`it ended with ${signal ?? `status ${exitCode}`}`);
  }

  failure(what: string, code = 'ERR_UPLINK'): Error {
    const lines = this.#said.trim().split('\n');
    const said = lines.filter((line) => !/^WARNING|^\* |syslog$|^Starting|^(sent|received) tapfd/.test(line));
    const cause = new Isol8Error(
      code,
      `${this.#name}: ${what}${said.length > 0 ? `: ${said.join('; ')}` : ''}`,
    );
    return /\/dev\/net\/tun|tun socket/.test(this.#said) ? tunError('EACCES', cause) : cause;
  }
}
