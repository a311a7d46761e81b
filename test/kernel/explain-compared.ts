/** Plans whose program says what it sees, so that two ways to run one can be compared. */
import { compile } from '../../src/sandbox/compile/compile.js';
import { parseSpec } from '../../src/sandbox/parse.js';
import type { SandboxSpec } from '../../src/sandbox/spec.js';
import { CLONE } from '../../src/syscalls/constants.js';
import type { Plan } from '../../src/syscalls/plan.js';
import { call } from '../../src/syscalls/steps.js';
import {
  ALL_MAPPED,
  blockSignals,
  exec,
  handPlan,
  hostname,
  loopback,
  mountProc,
  rootFacts,
  UTS_PID_MNT_USER,
  underInit,
} from '../sandbox/explain-plans.js';

export interface Compared {
  readonly title: string;
  readonly plan: Plan;
  /** Descriptor of the encoded plan: 3, or behind the status channel and the lifeline. */
  readonly planAt: number;
  /** `differs`: the program is not PID 1, and the commands that a shell runs before it take pids too. */
  readonly pid: 'same' | 'differs';
}

const LOOK = `
echo "pid $$"
hostname; domainname; id -u; id -g; id -G; umask; ulimit -n; nice
cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups /proc/self/timens_offsets
grep -E "^(Cap|NoNewPrivs)" /proc/self/status
awk '{ print $5, $6, $7 == "-" ? $8 : $9 }' /proc/self/mountinfo | sort
cat /sys/class/net/lo/flags /proc/sys/net/core/somaxconn
pwd
echo it\\'s "quoted"
exit 7
`;
const look = ['sh', '-c', LOOK];

const specs: Record<string, SandboxSpec> = {
  'all eight namespaces': { hostname: 'children', init: false },
  'under PID 1': { hostname: 'children' },
  'no user namespace': {
    namespaces: ['uts', 'pid', 'mnt', 'net'],
    hostname: 'children',
    propagation: 'slave',
  },
  'only root is mapped': { mapUsers: 'root', setgroups: 'deny', init: false },
  'nobody is mapped': { mapUsers: 'none', hostname: 'children', init: false, proc: false },
  'several ranges': {
    mapUsers: [
      { inner: 0, outer: 0, count: 1 },
      { inner: 1, outer: 100000, count: 1000 },
      { inner: 2000, outer: 200000, count: 5 },
    ],
    mapGroups: 'all',
    hostname: 'several',
  },
  'moved clocks': { timeOffsets: { boottime: '1d', monotonic: 3600 } },
  'mounts and limits': {
    hostname: 'it\'s "me"',
    domainname: 'nis',
    mounts: [
      { type: 'tmpfs', destination: '/mnt', size: '1m' },
      { type: 'bind', source: '/usr/share/doc', destination: '/mnt/doc', readOnly: true },
    ],
    rlimits: { nofile: 100 },
    umask: 0o27,
    nice: 3,
    cwd: '/mnt/doc',
  },
  'another root directory': { root: '/', hostname: 'children', cwd: '/usr' },
  'a read-only root directory': { root: '/', readOnlyRoot: true, hostname: 'children' },
  'a read-only root': { readOnlyRoot: true, hostname: 'children' },
  'another user': { uid: 1000, gid: 1000, groups: [1000, 2000], noNewPrivileges: true },
  'another user with capabilities': { uid: 1000, gid: 1000, keepCapabilities: true },
};

export function comparedPlans(): Compared[] {
  return [...handWritten(), ...compiled()];
}

function handWritten(): Compared[] {
  const inside = [hostname('children'), ...mountProc()];
  const common = { planAt: 3 } as const;
  return [
    {
      title: 'written by hand, all ids mapped',
      plan: handPlan({ flags: UTS_PID_MNT_USER, maps: ALL_MAPPED, inside: [...inside, exec(look)] }),
      pid: 'same',
      ...common,
    },
    {
      title: 'written by hand, under PID 1, one id mapped',
      plan: handPlan({
        flags: UTS_PID_MNT_USER | CLONE.NEWNET,
        maps: { setgroups: 'deny', uid_map: '0 0 1\n', gid_map: '0 0 1\n' },
        inside: [...inside, ...loopback(), ...underInit([exec(look)])],
      }),
      pid: 'differs',
      ...common,
    },
    {
      title: 'written by hand, one process',
      plan: {
        steps: [
          call('unshare', [CLONE.NEWUTS | CLONE.NEWNET], 'leave two namespaces'),
          hostname('children'),
          exec(['sh', '-c', 'hostname; cat /sys/class/net/lo/flags; exit 3']),
        ],
      },
      pid: 'same',
      ...common,
    },
  ];
}

function compiled(): Compared[] {
  const modes = [{ mode: 'inPlace', planAt: 3 } as const, { mode: 'attached', planAt: 5 } as const];
  return modes.flatMap(({ mode, planAt }) =>
    Object.entries(specs).map(([title, spec]) => {
      const parsed = parseSpec(look, spec);
      const { plan } = compile(parsed, rootFacts, { mode, descriptors: 3 });
      return {
        title: `${title} (${mode})`,
        plan: { ...plan, steps: [blockSignals(), ...plan.steps] },
        planAt,
        pid: parsed.init ? 'differs' : 'same',
      };
    }),
  );
}
