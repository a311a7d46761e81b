/** What must hold when a process becomes the program, or stays as PID 1, and when everything is over. */
import { formatTimensOffsets } from '../../../src/clocks/offsets.js';
import { resolveIdMap } from '../../../src/ids/resolve.js';
import { RECORD_KIND } from '../../../src/syscalls/wire.js';
import { checkConfined } from './filter.js';
import { innerId } from './identity.js';
import { OWNED_KINDS, originOf } from './machine.js';
import {
  ALL_CAPABILITIES,
  type Attached,
  capabilityBit,
  KernelError,
  type Machine,
  type Process,
} from './process.js';

const broken = (reason: string): KernelError => new KernelError('EINVAL', reason);

/** Whoever lives on dies with its parent; the kernel itself ends what is under a PID 1. */
export function checkGuarded(process: Process): void {
  const { spec, options } = process.machine;
  if (!spec.dieWithParent || process.parent?.isInit) return;
  if (process.parent === undefined && options.mode === 'inPlace') return;
  if (!process.parentDeathSignal) throw broken('no parent-death signal since the last change of ids');
  if (!process.guarded)
    throw broken('the lifeline was not looked at since the parent-death signal was asked for');
}

function checkNamespaces(process: Process): void {
  const { machine } = process;
  if (process.userNamespace.origin !== originOf(machine, 'user'))
    throw broken('not in the user namespace asked for');
  for (const kind of OWNED_KINDS) {
    const { origin, owner } = process.namespaces[kind];
    if (origin !== originOf(machine, kind)) throw broken(`not in the ${kind} namespace asked for`);
    if (origin === 'new' && owner !== process.userNamespace) throw broken(`${kind} is owned from outside`);
  }
  const { timeOffsets } = machine.spec;
  const wanted = timeOffsets ? formatTimensOffsets(timeOffsets) : '';
  if ((process.namespaces.time.offsets ?? '') !== wanted) throw broken('the clocks are not as asked for');
}

function expectedMounts({ spec }: Machine): Attached[] {
  const { root, proc, mounts } = spec;
  return [
    ...(root === undefined ? [] : [{ what: root, at: root, readOnly: spec.readOnlyRoot }]),
    ...(proc ? [{ what: 'proc', at: '/proc', readOnly: false }] : []),
    ...mounts.map((mount) => ({
      what: mount.type === 'bind' ? mount.source : mount.type,
      at: mount.destination,
      readOnly: mount.readOnly ?? false,
    })),
  ];
}

function checkMounts(process: Process): void {
  const { machine } = process;
  const { spec } = machine;
  const { mnt, pid } = process.namespaces;
  if (mnt.origin !== 'new') return;
  // the caller's own pid namespace is what the host's /proc shows already
  const same = pid.origin === 'caller' && spec.namespaces.pid !== 'shared' && spec.root === undefined;
  const wanted = expectedMounts(machine).filter(({ at, what }) => !same || at !== '/proc' || what !== 'proc');
  const show = (mounts: readonly Attached[]): string => JSON.stringify(mounts);
  const got = mnt.attached.filter(({ at, what }) => !same || at !== '/proc' || what !== 'proc');
  if (show(got) !== show(wanted)) throw broken(`mounts ${show(got)}, not ${show(wanted)}`);
  if (mnt.propagation !== spec.propagation)
    throw broken(`propagation ${mnt.propagation}, not ${spec.propagation}`);
  if ((mnt.pivoted ?? false) !== (spec.root !== undefined)) throw broken('the root is not as asked for');
  if (spec.root === undefined && (mnt.readOnly ?? false) !== spec.readOnlyRoot) throw broken('readOnlyRoot');
}

function checkMaps({ machine, userNamespace }: Process): void {
  if (userNamespace.origin !== 'new') return;
  const { spec, facts } = machine;
  const wanted = {
    users: resolveIdMap(spec.mapUsers, facts.users, { field: 'mapUsers', kind: 'user' }),
    groups: resolveIdMap(spec.mapGroups, facts.groups, { field: 'mapGroups', kind: 'group' }),
  };
  for (const kind of ['users', 'groups'] as const) {
    const written = JSON.stringify(userNamespace.maps[kind] ?? []);
    if (written !== JSON.stringify(wanted[kind].ranges)) throw broken(`the map of ${kind} is ${written}`);
  }
  const denied = wanted.groups.writer === 'none' || userNamespace.setgroups === 'deny';
  if (spec.setgroups === 'deny' && !denied) throw broken('setgroups is allowed');
}

function checkIdentity(process: Process): void {
  const { spec, facts, options } = process.machine;
  for (const [kind, wanted] of [['users', spec.uid] as const, ['groups', spec.gid] as const]) {
    const id = innerId(process, kind);
    if (wanted !== undefined && id !== wanted) throw broken(`${kind}: ${id}, not ${wanted}`);
    const map = process.userNamespace.maps[kind];
    if (map && map.length > 0 && id === undefined)
      throw broken(`${kind}: somebody whom the map does not know`);
  }
  if (spec.noNewPrivileges && !process.noNewPrivileges) throw broken('no_new_privs is missing');
  if (options.terminal === 'new' && !process.session) throw broken('no session of its own');
  const full = process.userNamespace.origin === 'caller' ? facts.capabilities : ALL_CAPABILITIES(facts);
  const kept = full & ALL_CAPABILITIES(facts);
  if (spec.keepCapabilities && process.capabilities.ambient !== kept) throw broken('capabilities are lost');
}

function checkDescriptors(process: Process): void {
  const { options } = process.machine;
  const left = [...process.descriptors].filter(([, { cloexec }]) => !cloexec);
  const ours = left.filter(([, { open }]) => open.kind !== 'program');
  if (ours.length > 0)
    throw broken(`the program gets descriptor ${ours[0]?.[0]}, a ${ours[0]?.[1].open.kind}`);
  if (left.length !== options.descriptors) throw broken('the program does not get its descriptors');
}

export function checkProgram(process: Process, argv: readonly string[]): void {
  const { machine } = process;
  if (machine.program) throw broken('the program runs twice');
  if (argv.join('\0') !== machine.spec.command.join('\0'))
    throw broken(`${argv.join(' ')} is not the program`);
  if (!process.signalsOpen) throw broken('signals are still blocked');
  if (process.filter) throw broken("PID 1's filter is on the program");
  checkGuarded(process);
  checkNamespaces(process);
  checkMaps(process);
  checkMounts(process);
  checkIdentity(process);
  checkDescriptors(process);
  const { spec, facts } = machine;
  const mask = spec.umask ?? (process.umask === undefined ? undefined : facts.umask);
  if (process.umask !== mask) throw broken(`the umask is ${process.umask}`);
  const cwd = spec.cwd ?? (spec.root === undefined ? facts.cwd : '/');
  if (cwd !== undefined && process.cwd !== cwd) throw broken(`it starts in ${process.cwd}`);
  machine.program = process;
}

/** PID 1 holds nothing that the program could want, and dies with its parent where that is asked for. */
export function checkInit(process: Process): void {
  const { machine } = process;
  const others = [...process.descriptors.values()].filter(({ open }) => open.kind !== 'status');
  if (!process.isInit) throw broken('it is not PID 1');
  if (machine.program?.parent !== process) throw broken('the program is not its child');
  if (others.length > 0) throw broken(`PID 1 keeps a ${others[0]?.open.kind}`);
  if (process.capabilities.permitted & ~capabilityBit('KILL')) throw broken('PID 1 keeps capabilities');
  if (process.capabilities.effective & ~process.capabilities.permitted) throw broken('PID 1: effective');
  if (!process.noNewPrivileges) throw broken('PID 1 may gain privilege');
  if (machine.facts.users.privileged && process.dumpable) throw broken("root's PID 1 can be traced");
  if (!machine.facts.users.privileged && machine.user !== 'joined' && !process.dumpable)
    throw broken('PID 1: its owner cannot look at it');
  checkConfined(process, machine.facts.architecture);
  if (machine.options.mode === 'attached' && machine.records.at(-1)?.kind !== RECORD_KIND.started) {
    throw broken('nobody is told that the program runs');
  }
}

const DONE: Readonly<Record<string, (spec: Machine['spec']) => boolean>> = {
  sethostname: ({ hostname }) => hostname !== undefined,
  setdomainname: ({ domainname }) => domainname !== undefined,
  umask: ({ umask }) => umask !== undefined,
  setpriority: ({ nice }) => nice !== undefined,
  socket: ({ loopback, namespaces }) => loopback && namespaces.net === 'new',
  setgroups: ({ groups }) => groups !== undefined,
};

/** When all processes have ended or run on by themselves. */
export function checkRun(machine: Machine): void {
  if (!machine.program) throw broken('the program never runs');
  if (machine.waiting.size > 0) throw broken('a process was forgotten');
  for (const [name, wanted] of Object.entries(DONE)) {
    const done = machine.done.some(({ step }) => step.kind === 'call' && step.call === name);
    if (!done && wanted(machine.spec)) throw broken(`${name} is missing`);
  }
  const limited = machine.done.filter(({ step }) => step.kind === 'call' && step.call === 'prlimit64').length;
  if (limited < machine.spec.rlimits.length) throw broken('a limit is missing');
  checkRecords(machine);
}

/** child, then started (by PID 1) or executing (by the program); in place nobody listens. */
function checkRecords({ records, program, options, spec }: Machine): void {
  const main = spec.init ? program?.parent : program;
  const wanted = [RECORD_KIND.child, spec.init ? RECORD_KIND.started : RECORD_KIND.executing];
  const attached = options.mode === 'attached';
  if (records.map(({ kind }) => kind).join() !== (attached ? wanted.join() : '')) throw broken('records');
  if (records.some(({ process }) => process !== main)) throw broken('a record of another process');
}
