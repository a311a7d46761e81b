import { performance } from 'node:perf_hooks';
import type * as Compile from '../../src/sandbox/compile/compile.js';
import type { CompileOptions } from '../../src/sandbox/compile/context.js';
import type * as Gather from '../../src/sandbox/gather.js';
import type * as Parse from '../../src/sandbox/parse.js';
import type * as Prepared from '../../src/sandbox/prepared-plan.js';
import type * as Encode from '../../src/syscalls/encode.js';
import { loadModule } from './isol8.js';
import type { Answer, Request } from './protocol.js';

type CompileRequest = Extract<Request, { ask: 'compile' }>;

/** Time for one spec to be checked, compiled and encoded, each over `count` times. */
export async function compileOften(request: CompileRequest): Promise<Answer<CompileRequest>> {
  const { parseSpec } = await loadModule<typeof Parse>('sandbox/parse.js');
  const { compile } = await loadModule<typeof Compile>('sandbox/compile/compile.js');
  const { encodePlan } = await loadModule<typeof Encode>('syscalls/encode.js');
  const { SandboxPlans } = await loadModule<typeof Prepared>('sandbox/prepared-plan.js');
  const { gatherFacts } = await loadModule<typeof Gather>('sandbox/gather.js');
  const options: CompileOptions = { mode: 'attached', descriptors: 3 };
  const { count, command } = request;
  const parsed = parseSpec(command, { namespaces: 'all' });
  const { facts } = gatherFacts(parsed);
  const plans = new SandboxPlans(parsed, options);
  const { plan } = compile(parsed, facts, options);
  return {
    prepare: timeEach(count, () => plans.prepare({ command: parsed.command, env: undefined })),
    parse: timeEach(count, () => parseSpec(command, { namespaces: 'all' })),
    gather: timeEach(count, () => gatherFacts(parsed)),
    compile: timeEach(count, () => compile(parsed, facts, options)),
    encode: timeEach(count, () => encodePlan(plan, facts.architecture)),
  };
}

function timeEach(count: number, work: () => unknown): number {
  const begin = performance.now();
  for (let i = 0; i < count; i++) work();
  return (performance.now() - begin) / count;
}
