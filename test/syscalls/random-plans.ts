/** Random plans that are well formed: every reference is to something before it, every block ends. */
import fc from 'fast-check';
import type { Argument, ForkStep, Plan, Step } from '../../src/syscalls/plan.js';
import { SYSCALLS, type SyscallName } from '../../src/syscalls/table.js';

/** A call to be given arguments once it is known what may be referred to. */
interface Draft {
  readonly kind: 'call' | 'fork' | 'vfork' | 'supervise';
  readonly name: SyscallName;
  readonly picks: readonly number[];
  readonly numbers: readonly bigint[];
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly tolerate: readonly string[];
  readonly inner: readonly Draft[];
}

const names = Object.keys(SYSCALLS) as SyscallName[];
const text = fc
  .oneof(fc.string({ maxLength: 12 }), fc.constantFrom('/proc/é', '𝒹/x', '\ud800', ''))
  .map((value) => value.replaceAll('\0', ''));

const drafts = fc.letrec<{ list: readonly Draft[] }>((tie) => ({
  list: fc.array(
    fc.record({
      kind: fc.constantFrom('call', 'call', 'call', 'call', 'fork', 'vfork', 'supervise'),
      name: fc.constantFrom(...names),
      picks: fc.array(fc.nat({ max: 1000 }), { minLength: 8, maxLength: 8 }),
      numbers: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), {
        minLength: 2,
        maxLength: 2,
      }),
      text,
      bytes: fc.uint8Array({ maxLength: 20 }),
      tolerate: fc.subarray(['EPERM', 'EEXIST', 'ENOTTY']),
      inner: fc.oneof({ depthSize: 'small', withCrossShrink: true }, fc.constant([]), tie('list')),
    }),
    { maxLength: 7 },
  ),
})).list;

/** What a step may refer to: results by id, memories by name, all made before in this or an outer block. */
interface Known {
  readonly results: readonly string[];
  readonly memories: readonly string[];
}

function argumentOf(draft: Draft, pick: number, known: Known): Argument {
  const result = known.results[pick % Math.max(1, known.results.length)];
  const memory = known.memories[pick % Math.max(1, known.memories.length)];
  const [number = 0n] = draft.numbers;
  switch (pick % 10) {
    case 0:
      return number;
    case 1:
      return Number(BigInt.asIntN(53, number));
    case 2:
      return null;
    case 3:
      return draft.text;
    case 4:
      return draft.bytes;
    case 5:
      return { words: [draft.text, number, null, ...(result === undefined ? [] : [{ result }])] };
    case 6:
      return result === undefined ? -1 : { result };
    case 7:
      return memory === undefined ? 7 : { cell: memory, at: (pick % 2) * 4 };
    case 8:
      return result === undefined
        ? ''
        : { text: [draft.text, { result }, '/uid_map'], fill: pick % 2 ? '/' : '0' };
    default:
      return memory === undefined ? 0 : { memory, size: 8 };
  }
}

class Builder {
  #next = 0;

  block(list: readonly Draft[], outer: Known): Step[] {
    let known = outer;
    const steps: Step[] = [];
    for (const draft of list) {
      const id = `step-${this.#next++}`;
      const memory = `memory-${this.#next}`;
      steps.push(this.#step(draft, id, { known, memory }));
      const makes = draft.kind === 'call' && (draft.picks[6] ?? 0) % 3 === 0;
      known = {
        results: [...known.results, id],
        memories: makes ? [...known.memories, memory] : known.memories,
      };
    }
    return [...steps, this.#end(list.length, known)];
  }

  #step(draft: Draft, id: string, { known, memory }: { known: Known; memory: string }): Step {
    const [first = 0] = draft.picks;
    if (draft.kind === 'fork' || draft.kind === 'vfork') {
      const call = draft.kind === 'vfork' ? 'vfork' : first % 2 ? 'clone' : 'clone3';
      const child = this.block(draft.inner, known);
      const fork: ForkStep = { kind: 'fork', call, flags: first * 0x10000, id, child, why: 'fork' };
      return fork;
    }
    const child = known.results[first % Math.max(1, known.results.length)];
    if (draft.kind === 'supervise' && child !== undefined) {
      return { kind: 'supervise', child: { result: child }, as: 'waiter', id, why: 'wait' };
    }
    return this.#call(draft, id, { known, memory });
  }

  #call(draft: Draft, id: string, { known, memory }: { known: Known; memory: string }): Step {
    const makes = draft.kind === 'call' && (draft.picks[6] ?? 0) % 3 === 0;
    const args = draft.picks
      .slice(0, (draft.picks[7] ?? 0) % 6)
      .map((pick) => argumentOf(draft, pick, known));
    const tolerate = draft.tolerate.length > 0 ? { tolerate: draft.tolerate } : {};
    const told = (draft.picks[4] ?? 0) % 2 === 0;
    const expect = { equals: Number(BigInt.asIntN(32, draft.numbers[1] ?? 0n)), errno: 'EIO', told };
    return {
      kind: 'call',
      call: draft.name,
      args: makes ? [...args, { memory, size: 8 }] : args,
      id,
      why: 'call',
      ...tolerate,
      ...((draft.picks[5] ?? 0) % 3 === 0
        ? { expect: makes ? { ...expect, cell: { cell: memory, at: 4 } } : expect }
        : {}),
    };
  }

  #end(choice: number, known: Known): Step {
    const child = known.results.at(-1);
    if (choice % 3 === 0) return { kind: 'call', call: 'exit_group', args: [choice], why: 'end' };
    if (choice % 3 === 1 && child !== undefined) {
      return { kind: 'supervise', child: { result: child }, as: 'init', why: 'be PID 1' };
    }
    return { kind: 'exec', candidates: ['/bin/x', 'é'], argv: ['x', ''], env: ['A=b'], why: 'execute' };
  }
}

export const randomPlan: fc.Arbitrary<Plan> = fc
  .record({ list: drafts, status: fc.option(fc.nat({ max: 9 }), { nil: undefined }) })
  .map(({ list, status }) => ({
    steps: new Builder().block(list, { results: [], memories: [] }),
    ...(status === undefined ? {} : { status }),
  }));
