import { fileURLToPath } from 'node:url';
import type { Compiled } from './compiled.js';
import { LineProcess } from './line-process.js';
import type { Answer, Request } from './measured/protocol.js';

export const DIST = fileURLToPath(new URL('../dist', import.meta.url));

/** The Node process of measured/main.ts, from outside. */
export class MeasuredNode implements AsyncDisposable {
  readonly #process: LineProcess;

  /** `inside` is a command line to put it behind. */
  constructor(compiled: Compiled, inside: readonly string[] = []) {
    const [file, ...args] = [...inside, process.execPath, '--expose-gc', compiled.measured, DIST];
    this.#process = new LineProcess([file as string, ...args]);
  }

  async ask<R extends Request>(request: R): Promise<Answer<R>> {
    return JSON.parse(await this.#process.ask(JSON.stringify(request))) as Answer<R>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
