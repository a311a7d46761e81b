import { SpecError } from '../../foundation/errors.js';
import { gatherCaller } from '../../sandbox/gather.js';
import { becomePlan } from '../../sandbox/in-place/become-plan.js';
import { compileUnshare } from '../../sandbox/in-place/unshare.js';
import { type Parsed, parseOptions } from '../getopt.js';
import { commonAnswer, printPlan } from './unshare-nsenter.js';
import { unshareCommand } from './unshare-options.js';
import { unshareSpec } from './unshare-spec.js';

const NAME = 'isol8 unshare';

/** isol8 unshare. */
export async function unshare(argv: readonly string[]): Promise<number> {
  const options: Parsed = parseOptions(unshareCommand, argv);
  const answered = await commonAnswer(options, unshareCommand);
  if (answered !== undefined) return answered;
  const facts = gatherCaller();
  const spec = unshareSpec(options, facts);
  const plan = translated(() => compileUnshare(spec, facts));
  if (options.has('explain')) return printPlan(plan, options, facts);
  return becomePlan(NAME, { plan, passed: spec.program.descriptors, descriptors: [] }, facts);
}

/** A map that cannot be, by the option that asked for it. */
function translated<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    const field = error.field.replace(/^mapUsers/, '--map-users').replace(/^mapGroups/, '--map-groups');
    throw new SpecError(field, error.problem);
  }
}
