import type { PlanTemplate } from './encode.js';
import { PlanMemory } from './plan-memory.js';
import * as wire from './wire.js';

/** What an exec step runs: NUL-terminated `NAME=VALUE`s behind each other are as good an environment as a list. */
export interface Program {
  readonly candidates: readonly string[];
  readonly argv: readonly string[];
  readonly env: readonly string[] | Uint8Array;
}

/**
 * Completes a template with a program. Programs differ from start to start, what surrounds them seldom does; and of what
 * a plan takes to compile and encode the program is the smaller part.
 */
export function fillTemplate(template: PlanTemplate, { candidates, argv, env }: Program): Uint8Array {
  const memory = PlanMemory.after(template.bytes, 8192);
  const relocations: number[] = [];
  const vector = (texts: readonly number[]): number => {
    const base = memory.reserve((texts.length + 1) * 8);
    for (const [i, at] of texts.entries()) relocations.push(base + 8 * i, wire.RELOCATE.address, at);
    return base;
  };
  const args = template.stepAt + at(wire.STEP, 'args');
  memory.word(args, vector(placeTexts(memory, candidates)));
  relocations.push(args + 8, wire.RELOCATE.address, vector(placeTexts(memory, argv)));
  const environment = env instanceof Uint8Array ? placeBlock(memory, env) : placeTexts(memory, env);
  relocations.push(args + 16, wire.RELOCATE.address, vector(environment));
  memory.word(args + 24, candidates.length);
  return finish(memory, template, relocations);
}

const at = (layout: wire.Layout, field: string): number => layout.fields[field]?.at ?? Number.NaN;

const placeTexts = (memory: PlanMemory, texts: readonly string[]): number[] =>
  memory.texts(texts).map(([at]) => at);

function placeBlock(memory: PlanMemory, block: Uint8Array): number[] {
  const base = memory.block(block);
  const places: number[] = [];
  for (let begin = 0; begin < block.length; begin = block.indexOf(0, begin) + 1) places.push(base + begin);
  return places;
}

function finish(memory: PlanMemory, template: PlanTemplate, added: readonly number[]): Uint8Array {
  const known = template.relocations;
  const all = new Uint32Array(known.length + added.length);
  all.set(known);
  all.set(added, known.length);
  const relocationsAt = memory.block(new Uint8Array(all.buffer));
  memory.u32(template.stepAt + at(wire.STEP, 'firstRelocation'), known.length / 3);
  memory.u32(template.stepAt + at(wire.STEP, 'relocationCount'), added.length / 3);
  memory.u32(at(wire.HEADER, 'relocationCount'), all.length / 3);
  memory.u32(at(wire.HEADER, 'relocationsAt'), relocationsAt);
  memory.u32(at(wire.HEADER, 'size'), memory.end);
  return memory.finish();
}
