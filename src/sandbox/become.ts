import { encodePlan } from '../syscalls/encode.js';
import { givenEnvironment } from '../syscalls/given-texts.js';
import { becomeLauncher } from '../syscalls/launch.js';
import { compile } from './compile/compile.js';
import type { CompileOptions } from './compile/context.js';
import { type FailureWords, failureTexts } from './failure.js';
import { gatherFacts } from './gather.js';
import { parseSpec } from './parse.js';
import type { SandboxSpec } from './spec.js';

export interface BecomeOptions {
  /** How many of this process's descriptors the program gets, from 0 up. */
  readonly descriptors: number;
  /** Descriptor 0 is a terminal, to be given back as it was. */
  readonly terminal: boolean;
}

/** What a plan in place of this process depends on. */
export const inPlaceOptions = ({ descriptors, terminal }: BecomeOptions): CompileOptions => ({
  mode: 'inPlace',
  descriptors,
  ...(terminal && { terminal: 'caller' }),
});

/**
 * Replaces this process by the launcher, which starts the program and ends as it does: pid,
 * signals and memory are then as if unshare(1) had been called instead. Failures are printed by the launcher, and the
 * exit status is 125 for them, 126 and 127 for a program that is not executable or not there.
 *
 * @throws SpecError, or SystemCallError when this process could not be replaced; otherwise it does not return.
 */
export function become(
  command: readonly string[],
  spec: SandboxSpec,
  options: BecomeOptions & FailureWords,
): never {
  const parsed = parseSpec(command, spec);
  const { facts: found } = gatherFacts(parsed);
  const facts = parsed.env ? found : { ...found, environment: givenEnvironment() };
  const { plan, control } = compile(parsed, facts, inPlaceOptions(options));
  const bytes = encodePlan(plan, facts.architecture, failureTexts(plan, facts, options));
  return becomeLauncher(bytes, [...Array(options.descriptors).keys(), ...control]);
}
