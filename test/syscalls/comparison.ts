import assert from 'node:assert/strict';
import { forkArguments } from '../../src/syscalls/encode.js';
import { errnoNumber } from '../../src/syscalls/errno.js';
import { type Argument, type CallStep, flattenSteps, type Plan, type Step } from '../../src/syscalls/plan.js';
import { syscallNumber } from '../../src/syscalls/table.js';
import * as wire from '../../src/syscalls/wire.js';
import { checkInside, type Decoded, type DecodedStep } from './decode.js';

/** Compares one plan with its encoding, argument by argument. */
export class Comparison {
  readonly #decoded: Decoded;
  readonly #flat: readonly Step[];
  readonly #cells = new Map<string, number>();
  #step: DecodedStep;
  #used = 0;

  constructor(plan: Plan, decoded: Decoded) {
    this.#decoded = decoded;
    this.#flat = flattenSteps(plan.steps);
    this.#step = decoded.steps[0] as DecodedStep;
    assert.equal(decoded.steps.length, this.#flat.length);
    assert.equal(decoded.header.status, plan.status ?? -1);
  }

  run(): void {
    for (const [index, step] of this.#flat.entries()) {
      this.#step = this.#decoded.steps[index] as DecodedStep;
      this.#used = 0;
      this.#compare(step);
      assert.equal(this.#used, this.#step.relocations.length, 'a relocation that nobody asked for');
    }
  }

  #compare(step: Step): void {
    const { op, argsAt, child } = this.#step;
    const args = (list: readonly Argument[]): void => this.#arguments(list, argsAt);
    if (step.kind === 'call') {
      assert.equal(op, wire.OP.call);
      assert.equal(this.#step.call, syscallNumber(step.call, 'x64'));
      args(step.args);
      this.#outcome(step);
    } else if (step.kind === 'fork') {
      assert.equal(op, step.call === 'vfork' ? wire.OP.vfork : wire.OP.fork);
      assert.equal(this.#flat[child], step.child[0]);
      args(forkArguments(step));
    } else if (step.kind === 'supervise') {
      args(
        step.as === 'waiter' ? [step.child, 1, -1, null] : [step.child, 0, step.diesWithParent ? 1 : 0, null],
      );
    } else this.#exec(step);
  }

  #exec({ candidates, argv, env }: Extract<Step, { kind: 'exec' }>): void {
    const { bytes } = this.#decoded;
    const { argsAt } = this.#step;
    const vector = Number(bytes.readBigUInt64LE(argsAt));
    checkInside(this.#decoded, vector, candidates.length * 8);
    this.#texts(candidates, vector);
    if (argv.every((word) => typeof word === 'string'))
      this.#texts(argv, this.#target('address', argsAt + 8));
    else this.#argument({ words: [...argv, null] }, argsAt + 8);
    this.#texts(env, this.#target('address', argsAt + 16));
    assert.equal(Number(bytes.readBigUInt64LE(argsAt + 24)), candidates.length);
  }

  #texts(texts: readonly string[], vector: number): void {
    checkInside(this.#decoded, vector, (texts.length + 1) * 8);
    this.#number(BigInt(texts.length), vector);
    this.#bytes(Buffer.from(texts.map((text) => `${text}\0`).join('')), this.#target('texts', vector));
  }

  #outcome({ tolerate = [], expect }: CallStep): void {
    const step = this.#step;
    assert.deepEqual(step.tolerated, tolerate.map(errnoNumber));
    const kind = expect === undefined ? 'success' : expect.cell ? 'cell' : 'result';
    assert.equal(step.expect, wire.EXPECT[kind] + (expect?.told ? wire.EXPECT.told : 0));
    if (!expect) return;
    assert.equal(step.expected, expect.equals);
    assert.equal(step.unexpectedErrno, errnoNumber(expect.errno));
    if (expect.cell)
      assert.equal(step.expectedCell, (this.#cells.get(expect.cell.cell) as number) + expect.cell.at);
  }

  #arguments(list: readonly Argument[], at: number): void {
    for (const [i, argument] of list.entries()) this.#argument(argument, at + 8 * i);
  }

  #argument(argument: Argument, at: number): void {
    if (argument === null) this.#number(0n, at);
    else if (typeof argument === 'number' || typeof argument === 'bigint') this.#number(BigInt(argument), at);
    else if (typeof argument === 'string')
      this.#bytes(Buffer.from(`${argument}\0`), this.#target('address', at));
    else if (argument instanceof Uint8Array) this.#bytes(argument, this.#target('address', at));
    else if ('words' in argument) {
      const base = this.#target('address', at);
      this.#arguments(argument.words, base);
    } else if ('memory' in argument) this.#memory(argument, this.#target('address', at));
    else if ('cell' in argument) {
      assert.equal(this.#target('cell', at), (this.#cells.get(argument.cell) as number) + argument.at);
    } else if ('result' in argument)
      assert.equal(this.#flat[this.#target('result', at)]?.id, argument.result);
    else this.#decimal(argument, this.#target('address', at));
  }

  #number(value: bigint, at: number): void {
    assert.equal(this.#decoded.bytes.readBigUInt64LE(at), BigInt.asUintN(64, value));
  }

  #bytes(wanted: Uint8Array, at: number): void {
    checkInside(this.#decoded, at, wanted.length);
    assert.deepEqual(this.#decoded.bytes.subarray(at, at + wanted.length), Buffer.from(wanted));
  }

  #memory({ memory, size }: { memory: string; size: number }, at: number): void {
    checkInside(this.#decoded, at, size);
    assert.equal(this.#cells.get(memory) ?? at, at, 'two places for one memory');
    this.#cells.set(memory, at);
    assert.ok(this.#decoded.bytes.subarray(at, at + size).every((byte) => byte === 0));
  }

  #decimal({ text, fill }: Extract<Argument, { text: unknown }>, at: number): void {
    const [before, { result }, after] = text;
    const digits = at + Buffer.byteLength(before);
    this.#bytes(Buffer.from(`${before}${fill.repeat(wire.DECIMAL_SIZE)}${after}\0`), at);
    assert.equal(this.#flat[this.#target('decimal', digits)]?.id, result);
  }

  /** The value of the one relocation at this place. */
  #target(kind: keyof typeof wire.RELOCATE, at: number): number {
    const found = this.#step.relocations.filter((relocation) => relocation.at === at);
    assert.equal(found.length, 1, `relocations at ${at}`);
    assert.equal(found[0]?.kind, wire.RELOCATE[kind]);
    this.#used++;
    return found[0]?.value as number;
  }
}
