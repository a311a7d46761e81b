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
  const args = template.stepAt + at(wire.STEP, 'args');
  const [paths, words, variables] = [candidates, argv, env].map((list) => place(list)) as [
    Placed,
    Placed,
    Placed,
  ];
  memory.word(args, paths.vector);
  memory.word(args + 24, candidates.length);
  finish(template, [
    ...textsRow(paths),
    ...textsRow(words),
    ...textsRow(variables),
    ...[args + 8, wire.RELOCATE.address, words.vector],
    ...[args + 16, wire.RELOCATE.address, variables.vector],
  ]);
  return memory.finish();
}

const at = (layout: wire.Layout, field: string): number => layout.fields[field]?.at ?? Number.NaN;

interface Placed {
  readonly vector: number;
  readonly texts: number;
}

function place(list: readonly string[] | PackedTexts): Placed {
  if ('bytes' in list) return { texts: memory.block(list.bytes), vector: memory.vector(list.count) };
  return { texts: memory.texts(list), vector: memory.vector(list.length) };
}

const textsRow = ({ vector, texts }: Placed): [number, number, number] => [
  vector,
  wire.RELOCATE.texts,
  texts,
];

function finish(template: PlanTemplate, added: readonly number[]): void {
  const known = template.relocations;
  const relocationsAt = memory.block(known);
  for (const value of added) memory.u32(memory.reserve(4, 4), value);
  const [before, more] = [known.length / wire.RELOCATION.size, added.length / 3];
  memory.u32(template.stepAt + at(wire.STEP, 'firstRelocation'), before);
  memory.u32(template.stepAt + at(wire.STEP, 'relocationCount'), more);
  memory.u32(at(wire.HEADER, 'relocationCount'), before + more);
  memory.u32(at(wire.HEADER, 'relocationsAt'), relocationsAt);
  memory.u32(at(wire.HEADER, 'size'), memory.end);
}
