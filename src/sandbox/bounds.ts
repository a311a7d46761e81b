/** What ends a program before it ends by itself: its timeout, which begins here, or its AbortSignal. */
export class Bounds implements Disposable {
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => this.#pass('abort');
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #listeners: (() => void)[] = [];
  #heard: NodeJS.Immediate | undefined;
  #passed: 'timeout' | 'abort' | undefined;

  constructor(timeout: number | undefined, signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort);
    if (timeout === undefined) return;
    // Where this program was busy until now, what has happened meanwhile is heard first: the end may have come in time.
    this.#timer = setTimeout(() => {
      this.#heard = setImmediate(() => this.#pass('timeout'));
    }, timeout);
  }

  /** The one that came first. */
  get passed(): 'timeout' | 'abort' | undefined {
    return this.#passed;
  }

  /** Calls the listener when one of them comes; at once when it has come already. */
  whenPassed(listener: () => void): void {
    if (this.#passed === undefined) this.#listeners.push(listener);
    else listener();
  }

  #pass(which: 'timeout' | 'abort'): void {
    this[Symbol.dispose]();
    this.#passed = which;
    for (const listener of this.#listeners) listener();
  }

  /** Nothing ends it any more. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#heard);
    this.#signal?.removeEventListener('abort', this.#abort);
  }
}
