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
  const entered = compileEnter(await enterSpec(options, passed), facts);
  if (options.has('explain')) return printPlan(entered.plan, options, facts);
  return becomePlan('isol8 enter', entered, facts);
}
