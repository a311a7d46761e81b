/** The machine before a plan runs, and how a process gets a child. */

import { ALL_KINDS, type NamespaceKind } from '../../../src/namespaces/kinds.js';
import type { Compiled } from '../../../src/sandbox/compile/compile.js';
import type { CompileOptions } from '../../../src/sandbox/compile/context.js';
import type { Facts } from '../../../src/sandbox/facts.js';
import type { ParsedSpec } from '../../../src/sandbox/parsed-spec.js';
import { CLONE } from '../../../src/syscalls/constants.js';
import { SLOT } from '../../../src/syscalls/launch.js';
import type { ForkStep } from '../../../src/syscalls/plan.js';
import {
  ALL_CAPABILITIES,
  type Descriptor,
  KernelError,
  type Machine,
  type Namespace,
  need,
  type Open,
  type Origin,
  type OwnedKind,
  type Process,
  type UserNamespace,
} from './process.js';

export const OWNED_KINDS = ALL_KINDS.filter((kind) => kind !== 'user') as OwnedKind[];

export const FLAG: Readonly<Record<OwnedKind, number>> = {
  mnt: CLONE.NEWNS,
  uts: CLONE.NEWUTS,
  ipc: CLONE.NEWIPC,
  pid: CLONE.NEWPID,
  net: CLONE.NEWNET,
  cgroup: CLONE.NEWCGROUP,
  time: CLONE.NEWTIME,
};
export const NEW_FLAGS = Object.values(FLAG).reduce((all, flag) => all | flag, CLONE.NEWUSER);

export interface Run {
  readonly spec: ParsedSpec;
  readonly facts: Facts;
  readonly options: CompileOptions;
  readonly compiled: Compiled;
}

const userNamespace = (origin: UserNamespace['origin'], parent?: UserNamespace): UserNamespace => ({
  origin,
  parent,
  maps: {},
  setgroups: 'allow',
});

const namespace = (kind: OwnedKind, origin: Namespace['origin'], owner: UserNamespace): Namespace => ({
  kind,
  origin,
  owner,
  attached: [],
});

export function originOf({ spec, facts }: Pick<Machine, 'spec' | 'facts'>, kind: NamespaceKind): Origin {
  const choice = spec.namespaces[kind];
  if (choice === 'new') return 'new';
  if (choice === 'shared') return 'caller';
  return facts.joins.find((join) => join.kind === kind)?.own ? 'caller' : 'joined';
}

function createMachine({ spec, facts, options }: Run): Machine {
  const host = userNamespace('caller');
  const joinedUser = userNamespace('joined', host);
  const user = originOf({ spec, facts }, 'user');
  const joined: { [kind in OwnedKind]?: Namespace } = {};
  for (const { kind, own, ownedByJoinedUser } of facts.joins) {
    if (kind === 'user' || own) continue;
    joined[kind] = namespace(kind, 'joined', ownedByJoinedUser ? joinedUser : host);
  }
  const lists = { pids: new Map(), waiting: new Map(), records: [], done: [] };
  return { spec, facts, options, user, host, joined, joinedUser, ...lists, program: undefined, ends: 0 };
}

function inherited({ facts, options, compiled }: Run): Map<number, Descriptor> {
  const descriptors = new Map<number, Descriptor>();
  const set = (number: number, open: Open): void => void descriptors.set(number, { open, cloexec: false });
  for (let i = 0; i < options.descriptors; i++) set(i, { kind: 'program' });
  for (const [i, source] of compiled.control.entries()) {
    const number = options.descriptors + i;
    const join = facts.joins.find(({ fd }) => fd === source);
    if (source === SLOT.status) set(number, { kind: 'status' });
    else if (source === SLOT.lifeline) set(number, { kind: 'lifeline' });
    else if (join) set(number, { kind: 'namespace', join: join.kind });
    // the plan's own descriptor is closed before the first step
  }
  return descriptors;
}

/** The launcher's first process: a child of the launch thread, or (in place) the caller itself. */
export function createFirst(run: Run): Process {
  const machine = createMachine(run);
  const { facts } = run;
  const namespaces = Object.fromEntries(
    OWNED_KINDS.map((kind) => [kind, namespace(kind, 'caller', machine.host)]),
  ) as Record<OwnedKind, Namespace>;
  const attached = run.options.mode === 'attached' && run.spec.dieWithParent;
  const { capabilities } = facts;
  return {
    ...{ machine, parent: undefined, how: 'first', isInit: false, userNamespace: machine.host, namespaces },
    forChildren: { pid: namespaces.pid, time: namespaces.time },
    ids: { users: facts.users.id, groups: facts.groups.id },
    capabilities: { permitted: capabilities, effective: capabilities, inheritable: 0n, ambient: 0n },
    ...{ keepCapabilities: false, dumpable: true, mapped: true, noNewPrivileges: false, filter: undefined },
    // what the launch thread's vfork child did before it executed the launcher
    ...{ parentDeathSignal: attached, guarded: attached, signalsOpen: false, session: false, cwd: 'caller' },
    umask: undefined,
    descriptors: inherited(run),
    results: new Map(),
    cells: new Map(),
  };
}

function checkFlags(process: Process, { call, flags }: ForkStep): void {
  const { facts } = process.machine;
  if (call === 'clone3' && !facts.clone3) throw new KernelError('ENOSYS', 'clone3 does not work here');
  if (call === 'clone' && flags & 0xff)
    throw new KernelError('EINVAL', 'clone takes these bits for the exit signal');
  if (flags & CLONE.PARENT && process.isInit) throw new KernelError('EINVAL', 'PID 1 with CLONE_PARENT');
  if (call === 'vfork' && process.isInit && process.dumpable)
    throw new KernelError('EPERM', 'the program could trace a PID 1 that is not confined yet');
  if (call === 'vfork' && process.forChildren.time !== process.namespaces.time) {
    throw new KernelError('EINVAL', 'memory shared between time namespaces');
  }
  checkNew(process, flags);
}

/** What clone and unshare have in common. */
export function checkNew(process: Process, flags: number): void {
  if ((flags & NEW_FLAGS) === 0) return;
  if (process.namespaces.mnt.pivoted)
    throw new KernelError('EPERM', 'a new namespace after the root changed');
  if (flags & CLONE.NEWPID && process.forChildren.pid !== process.namespaces.pid) {
    throw new KernelError('EINVAL', 'CLONE_NEWPID after another pid namespace was chosen for children');
  }
  if (flags & CLONE.NEWUSER && process.machine.joinedUser === process.userNamespace) {
    throw new KernelError('EINVAL', 'a new user namespace below a joined one was not asked for');
  }
}

export function createNamespaces(
  process: Process,
  owner: UserNamespace,
  flags: number,
): Partial<Record<OwnedKind, Namespace>> {
  const made: Partial<Record<OwnedKind, Namespace>> = {};
  for (const kind of OWNED_KINDS) {
    if ((flags & FLAG[kind]) === 0) continue;
    if (owner === process.userNamespace) need(process, { owner, capability: 'SYS_ADMIN', onlyHere: false });
    made[kind] = namespace(kind, 'new', owner);
    if (kind === 'mnt') made[kind].propagation = 'unchanged';
  }
  return made;
}

export function forkProcess(process: Process, step: ForkStep): Process {
  checkFlags(process, step);
  const { machine } = process;
  const newUser = (step.flags & CLONE.NEWUSER) !== 0;
  const owner = newUser ? userNamespace('new', process.userNamespace) : process.userNamespace;
  const made = createNamespaces(process, owner, step.flags);
  const all = ALL_CAPABILITIES(machine.facts);
  const namespaces = { ...process.namespaces, ...process.forChildren, ...made };
  namespaces.time.entered = true;
  const shares = step.call === 'vfork';
  return {
    ...process,
    ...{ parent: process, how: shares ? 'vfork' : 'fork', isInit: made.pid !== undefined },
    ...{ userNamespace: owner, namespaces, forChildren: { pid: namespaces.pid, time: namespaces.time } },
    ids: { ...process.ids },
    capabilities: newUser
      ? { permitted: all, effective: all, inheritable: 0n, ambient: 0n }
      : { ...process.capabilities },
    ...{ parentDeathSignal: false, guarded: false, mapped: !newUser && process.mapped },
    descriptors: new Map([...process.descriptors].map(([number, open]) => [number, { ...open }])),
    results: shares ? process.results : new Map(process.results),
    cells: shares ? process.cells : new Map(process.cells),
  };
}
