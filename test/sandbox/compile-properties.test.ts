import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SpecError } from '../../src/foundation/errors.js';
import { compile } from '../../src/sandbox/compile/compile.js';
import { parseSpec } from '../../src/sandbox/parse.js';
import type { SandboxSpec } from '../../src/sandbox/spec.js';
import { encodePlan } from '../../src/syscalls/encode.js';
import type { Run } from './kernel/machine.js';
import { simulate } from './kernel-model.js';
import { compileOptions, factsFor, randomMachine } from './random-machines.js';
import { anySpec, command, fittingSpec } from './random-specs.js';

const cases = fc.record({ command, options: compileOptions, machine: randomMachine });
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

/** A run, or undefined for a SpecError; whatever else is thrown comes through. */
function compileRandom(spec: unknown, { command, options, machine }: Case): Run | undefined {
  try {
    const parsed = parseSpec(command, spec as SandboxSpec);
    const facts = factsFor(parsed, machine);
    return { spec: parsed, facts, options, compiled: compile(parsed, facts, options) };
  } catch (error) {
    if (error instanceof SpecError) {
      assert.match(error.message, /^.+: ./s);
      return undefined;
    }
    throw error;
  }
}

describe('compile, for random specs and machines', () => {
  it('gives a plan that can be encoded, or a SpecError, whatever the spec holds', () => {
    fc.assert(
      fc.property(anySpec, cases, (spec, random) => {
        const run = compileRandom(spec, random);
        if (run) encodePlan(run.compiled.plan, run.facts.architecture);
      }),
      { numRuns: 4000, includeErrorInReport: true },
    );
  });

  it('orders the calls so that no rule of the kernel is broken and the program gets what the spec says', () => {
    const outcomes = { runs: 0, refused: 0, invalid: 0 };
    fc.assert(
      fc.property(fittingSpec, cases, (spec, random) => {
        const run = compileRandom(spec, random);
        if (!run) {
          outcomes.invalid++;
          return;
        }
        encodePlan(run.compiled.plan, run.facts.architecture);
        outcomes[simulate(run).outcome]++;
      }),
      { numRuns: 10_000, includeErrorInReport: true },
    );
    // or the property says nothing
    assert.ok(outcomes.runs > 2500, JSON.stringify(outcomes));
  });
});
