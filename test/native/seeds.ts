/** Plans of every shape, to be damaged or run. */
import { compile } from '../../src/sandbox/compile/compile.js';
import type { CompileOptions } from '../../src/sandbox/compile/context.js';
import type { Facts } from '../../src/sandbox/facts.js';
import { failureTexts } from '../../src/sandbox/failure.js';
import { parseSpec } from '../../src/sandbox/parse.js';
import type { SandboxSpec } from '../../src/sandbox/spec.js';
import type { Architecture } from '../../src/syscalls/architecture.js';
import { encodePlan } from '../../src/syscalls/encode.js';
import { exec, handPlan, hostname, loopback, mountProc, PATH, underInit } from '../sandbox/explain-plans.js';

const WHOLE = [{ inner: 0, outer: 0, count: 4_294_967_295 }];
const ids = { id: 1000, privileged: false, setfcap: false, available: WHOLE };
const subordinate = [{ start: 100_000, count: 65_536 }];

function factsOf(architecture: Architecture): Facts {
  return {
    architecture,
    users: { ...ids, subordinate, newidmap: '/usr/bin/newuidmap' },
    groups: { ...ids, subordinate, newidmap: '/usr/bin/newgidmap' },
    capabilities: 0n,
    lastCapability: 40,
    clone3: true,
    environment: { PATH },
    nofile: undefined,
    hardLimits: {},
    clocks: undefined,
    joins: [{ kind: 'net', fd: 9, own: false, ownedByJoinedUser: false }],
    sourceIsDirectory: { 0: true },
  };
}

const SPECS: readonly (readonly [SandboxSpec, CompileOptions])[] = [
  [{ hostname: 'x' }, { mode: 'attached', descriptors: 3 }],
  [
    { timeOffsets: { boottime: 5 }, keepCapabilities: true },
    { mode: 'inPlace', descriptors: 3, terminal: 'caller' },
  ],
  [{ namespaces: { user: 'new', net: { fd: 9 }, pid: 'shared' } }, { mode: 'inPlace', descriptors: 3 }],
  [
    { root: '/srv', mounts: [{ type: 'bind', source: '/', destination: '/x' }] },
    { mode: 'attached', descriptors: 3 },
  ],
];

/** Without namespaces a plan is short, so that damage hits what matters. */
const HAND_MADE = [
  { steps: [exec(['true'])] },
  handPlan({ inside: underInit([exec(['true'])]) }),
  handPlan({
    maps: { uid_map: '0 0 1\n' },
    inside: [hostname('x'), ...mountProc(), ...loopback(), exec(['true'])],
  }),
];

export function seedPlans(architecture: Architecture): Uint8Array[] {
  const facts = factsOf(architecture);
  const compiled = SPECS.map(([spec, options]) => {
    const { plan } = compile(parseSpec(['true'], spec), facts, options);
    return encodePlan(plan, architecture, plan.status === undefined ? failureTexts(plan, facts) : undefined);
  });
  const short = HAND_MADE.map((plan) => encodePlan(plan, architecture));
  const worded = HAND_MADE.map((plan) => encodePlan(plan, architecture, failureTexts(plan, facts)));
  return [...compiled, ...short, ...short, ...worded];
}
