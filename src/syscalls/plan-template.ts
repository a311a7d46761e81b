import type { PlanTemplate } from './encode.js';
import { PlanMemory } from './plan-memory.js';
import * as wire from './wire.js';

/** What an exec step runs. */
export interface Program {
  readonly candidates: readonly string[];
  readonly argv: readonly string[];
  readonly env: readonly string[] | PackedTexts;
}

/** Texts behind each other, each with a NUL at its end. */
export interface PackedTexts {
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** One for all, since what takes part in every start should be warm. */
const memory = new PlanMemory(0, 32_768);

/**
 * Completes a template with a program. Programs differ from start to start, what surrounds them seldom does; and of what
 * a plan takes to compile and encode the program is the smaller part. The result is good until the next call.
 */
export function fillTemplate(template: PlanTemplate, { candidates, argv, env }: Program): Uint8Array {
  memory.restart(template.bytes);
  const paths = place(candidates);
  const words = place(argv);
  const variables = place(env);
  const args = template.stepAt + wire.STEP_AT.args;
  memory.word(args, paths.vector);
  memory.word(args + 24, candidates.length);
  ADDED.set([paths.vector, wire.RELOCATE.texts, paths.texts], 0);
  ADDED.set([words.vector, wire.RELOCATE.texts, words.texts], 3);
  ADDED.set([variables.vector, wire.RELOCATE.texts, variables.texts], 6);
  ADDED.set([args + 8, wire.RELOCATE.address, words.vector], 9);
  ADDED.set([args + 16, wire.RELOCATE.address, variables.vector], 12);
  return finish(template);
}

/** The relocations of a program, and the bytes of them: linked to each other, since one write is cheaper than fifteen. */
const ADDED = new Uint32Array(15);
const ADDED_BYTES = new Uint8Array(ADDED.buffer);
const ADDED_COUNT = ADDED_BYTES.length / wire.RELOCATION.size;

interface Placed {
  readonly vector: number;
  readonly texts: number;
}

function place(list: readonly string[] | PackedTexts): Placed {
  if ('bytes' in list) return { texts: memory.block(list.bytes), vector: memory.vector(list.count) };
  return { texts: memory.texts(list), vector: memory.vector(list.length) };
}

/** The table of relocations goes to the end, which is aligned as its numbers are. */
function finish({ relocations, stepAt }: PlanTemplate): Uint8Array {
  const before = relocations.length / wire.RELOCATION.size;
  const relocationsAt = memory.block(relocations);
  memory.bytes(ADDED_BYTES);
  memory.u32(stepAt + wire.STEP_AT.firstRelocation, before);
  memory.u32(stepAt + wire.STEP_AT.relocationCount, ADDED_COUNT);
  memory.u32(wire.HEADER_AT.relocationCount, before + ADDED_COUNT);
  memory.u32(wire.HEADER_AT.relocationsAt, relocationsAt);
  memory.u32(wire.HEADER_AT.size, memory.end);
  return memory.finish();
}
