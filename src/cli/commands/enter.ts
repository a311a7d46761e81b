import { gatherCaller } from '../../sandbox/gather.js';
import { becomePlan } from '../../sandbox/in-place/become-plan.js';
import { compileEnter } from '../../sandbox/in-place/enter.js';
import { type Parsed, parseOptions } from '../getopt.js';
import { callersDescriptors } from './callers-descriptors.js';
import { enterCommand } from './enter-options.js';
import { enterSpec } from './enter-spec.js';
import { commonAnswer, printPlan } from './unshare-nsenter.js';

/** isol8 enter. */
export async function enter(argv: readonly string[]): Promise<number> {
  const options: Parsed = parseOptions(enterCommand, argv);
  const answered = await commonAnswer(options, enterCommand);
  if (answered !== undefined) return answered;
  const passed = callersDescriptors();
  const facts = gatherCaller();
  const spec = await enterSpec(options, passed);
  if (options.has('explain')) {
    const { explainedEnter } = await import('../../sandbox/in-place/enter-explain.js');
    const { withPaths } = await import('./enter-paths.js');
    return printPlan(
      explainedEnter(withPaths(spec, options.last('explain') === 'sh'), facts),
      options,
      facts,
    );
  }
  return becomePlan('isol8 enter', compileEnter(spec, facts), facts);
}
