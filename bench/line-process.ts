import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Interface } from 'node:readline';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** A process that answers each line on its standard input with one on its standard output. */
export class LineProcess implements AsyncDisposable {
  readonly #name: string;
  readonly #child: ChildProcess & { readonly stdin: Writable; readonly stdout: Readable };
  readonly #lines: Interface;
  readonly #ended: Promise<unknown>;

  constructor(command: readonly [string, ...string[]]) {
    const [file, ...args] = command;
    this.#name = command.join(' ');
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#ended = once(this.#lines, 'close');
  }

  /** One question at a time. Throws when the process ends instead of answering. */
  async ask(question: string): Promise<string> {
    const answer = once(this.#lines, 'line').then(([line]: string[]) => line);
    this.#child.stdin.write(`${question}\n`);
    const line = await Promise.race([answer, this.#ended.then(() => undefined)]);
    if (line === undefined) throw new Error(`${this.#name} ended when asked: ${question}`);
    return line;
  }

  async askNumber(question: string): Promise<number> {
    return Number(await this.ask(question));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }
}
