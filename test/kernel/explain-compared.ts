/** Plans whose program says what it sees, so that two ways to run one can be compared. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../../src/sandbox/compile/compile.js';
import type { CompileOptions } from '../../src/sandbox/compile/context.js';
import { gatherFacts } from '../../src/sandbox/gather.js';
import { parseSpec } from '../../src/sandbox/parse.js';
import type { MountSpec, SandboxSpec } from '../../src/sandbox/spec.js';
import { CLONE } from '../../src/syscalls/constants.js';
import type { Plan } from '../../src/syscalls/plan.js';
import { call } from '../../src/syscalls/steps.js';
import {
  blockSignals,
  CALLER_MAPPED,
  exec,
  handPlan,
  hostname,
  loopback,
  mountProc,
  PATH,
  UTS_PID_MNT_USER,
  underInit,
} from '../sandbox/explain-plans.js';
import { isRoot } from './caller.js';

export interface Compared {
  readonly title: string;
  readonly plan: Plan;
  /** Descriptor of the encoded plan: 3, or behind the status channel and the lifeline. */
  readonly planAt: number;
  /**
   * `one`: the program is PID 1. `inside`: not, and a shell's commands before it take pids too. `outside`: the pid is
   * another one each time.
   */
  readonly pid: 'one' | 'inside' | 'outside';
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
const lookAtFiles = [
  'sh',
  '-c',
  'pwd; mkdir -p /here; ls /; touch /usr/here; cat /proc/self/comm; wc -l < /proc/mounts',
];

/** What a program said, without its pid where that may differ. */
export const withoutPid = ({ stdout, stderr }: { stdout: string; stderr: string }): string =>
  `${stdout}${stderr}`.replace(/^pid .*$/m, 'pid');

/** For whoever runs the tests. */
const specs: Record<string, SandboxSpec> = {
  'all eight namespaces': { hostname: 'children', init: false },
  'under PID 1': { hostname: 'children' },
  'only root is mapped': { mapUsers: 'root', setgroups: 'deny', init: false },
  'the caller keeps its id': { mapUsers: 'current', setgroups: 'deny' },
  'nobody is mapped': { mapUsers: 'none', hostname: 'children', init: false, proc: false },
  'moved clocks': { timeOffsets: { boottime: '1d', monotonic: 3600 } },
  'mounts and limits': {
    hostname: 'it-is-me',
    domainname: 'nis',
    mounts: [
      { type: 'tmpfs', destination: '/mnt', size: '1m' },
      { type: 'bind', source: '/usr/share/doc', destination: '/mnt/doc', readOnly: true },
    ],
    rlimits: { nofile: 100 },
    umask: 0o27,
    nice: 3,
    cwd: '/mnt/doc',
    noNewPrivileges: true,
  },
};

/** For a caller who may map any id and make namespaces outside of a user namespace. */
const rootSpecs: Record<string, SandboxSpec> = {
  'a name that hostname(1) refuses': { namespaces: ['uts'], hostname: `it's "me"` },
  'no user namespace': {
    namespaces: ['uts', 'pid', 'mnt', 'net'],
    hostname: 'children',
    propagation: 'slave',
  },
  'several ranges': {
    mapUsers: [
      { inner: 0, outer: 0, count: 1 },
      { inner: 1, outer: 1000, count: 1000 },
      { inner: 2000, outer: 3000, count: 5 },
    ],
    mapGroups: 'all',
    hostname: 'several',
  },
  'the caller is not in the map': {
    mapUsers: [{ inner: 0, outer: 100_000, count: 1000 }],
    mapGroups: [{ inner: 0, outer: 100_000, count: 1000 }],
  },
  'another user': { uid: 1000, gid: 1000, groups: [1000, 2000], noNewPrivileges: true },
  'another user with capabilities': { uid: 1000, gid: 1000, keepCapabilities: true },
};

/** `root` is an empty directory. */
const fileSpecs = (root: string): Record<string, SandboxSpec> => ({
  'a root directory': { root, mounts: systemMounts(), hostname: 'children' },
  'a root directory that is read-only': {
    root,
    readOnlyRoot: true,
    hostname: 'children',
    mounts: systemMounts(),
  },
  'the host, read-only': { readOnlyRoot: true, hostname: 'children', cwd: '/usr' },
});

const systemMounts = (): MountSpec[] =>
  ['/usr', '/bin', '/sbin', '/lib', '/lib64']
    .filter((path) => existsSync(path))
    .map((path) => ({ type: 'bind', source: path, destination: path, readOnly: true }));

export function comparedPlans(root: string): Compared[] {
  return [
    ...handWritten(),
    ...compiled(isRoot ? { ...specs, ...rootSpecs } : specs, look),
    ...compiled(fileSpecs(root), lookAtFiles),
  ];
}

function handWritten(): Compared[] {
  const inside = [hostname('children'), ...mountProc()];
  const common = { planAt: 3, pid: 'one' } as const;
  const handInit = handPlan({
    flags: UTS_PID_MNT_USER | CLONE.NEWNET,
    maps: CALLER_MAPPED,
    inside: [...inside, ...loopback(), ...underInit([exec(look)])],
  });
  const one: Plan = {
    steps: [
      call('unshare', [CLONE.NEWUSER | CLONE.NEWUTS | CLONE.NEWNET], 'leave three namespaces'),
      hostname('children'),
      exec(['sh', '-c', 'hostname; id -u; cat /sys/class/net/lo/flags; exit 3']),
    ],
  };
  const mapped = handPlan({ flags: UTS_PID_MNT_USER, maps: CALLER_MAPPED, inside: [...inside, exec(look)] });
  return [
    { title: 'written by hand', plan: mapped, ...common },
    { title: 'written by hand, under PID 1', plan: handInit, ...common, pid: 'inside' },
    { title: 'written by hand, one process', plan: one, ...common },
  ];
}

export interface Searched {
  readonly title: string;
  readonly plan: Plan;
}

/** Plans of a name that is looked up in the folders of a PATH, the files being made in `folder`. */
export const searchedPlans = (folder: string): Searched[] =>
  searched(folder, {
    'the first is forbidden, and the next can run': ['forbidden', 'script'],
    'the first is below a file': ['script/program', 'script'],
    'the only one is forbidden': ['missing', 'forbidden', 'nothing'],
    'there is none': ['missing', 'nothing'],
  });

/** The same where one has no format that execve(2) knows: ENOEXEC. A shell takes that for a script of its own. */
export const searchedWithoutFormat = (folder: string, text: string): Searched[] =>
  searched(
    folder,
    {
      'the first has no format, and the next could run': ['no-format', 'script'],
      'the first is forbidden, the next has no format': ['forbidden', 'no-format', 'script'],
    },
    text,
  );

function searched(folder: string, some: Record<string, readonly string[]>, noFormat = ''): Searched[] {
  const files = [
    { name: 'no-format', text: noFormat, mode: 0o755 },
    { name: 'forbidden', text: '#!/bin/sh\necho forbidden', mode: 0o644 },
    { name: 'script', text: '#!/bin/sh\necho script; exit 7', mode: 0o755 },
  ];
  for (const { name, text, mode } of files) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'program'), text, { mode });
  }
  return Object.entries(some).map(([title, names]) => {
    const folders = names.map((name) => join(folder, name));
    const candidates = folders.map((each) => join(each, 'program'));
    const step = { ...exec(['program'], [`PATH=${folders.join(':')}`]), candidates };
    return { title, plan: { steps: [step] } };
  });
}

function compiled(some: Record<string, SandboxSpec>, command: readonly string[]): Compared[] {
  return MODES.flatMap((mode) =>
    Object.entries(some).map(([title, spec]) => {
      const { plan, planAt, init } = compiledPlan(command, spec, mode);
      const pid = spec.namespaces === undefined ? (init ? 'inside' : 'one') : 'outside';
      return { title: `${title} (${mode})`, plan, planAt, pid };
    }),
  );
}

export type Mode = 'inPlace' | 'attached';
export const MODES: readonly Mode[] = ['inPlace', 'attached'];

/** A plan for this machine, with what the addon does to signals as its first step. */
export function compiledPlan(
  command: readonly string[],
  spec: SandboxSpec,
  mode: Mode | CompileOptions,
): { plan: Plan; planAt: number; init: boolean } {
  const parsed = parseSpec(command, spec);
  const facts = { ...gatherFacts(parsed).facts, environment: { PATH } };
  const options = typeof mode === 'string' ? { mode, descriptors: 3 } : mode;
  const { plan, control } = compile(parsed, facts, options);
  const steps = [blockSignals(), ...plan.steps];
  return { plan: { ...plan, steps }, planAt: 2 + control.length, init: parsed.init };
}
