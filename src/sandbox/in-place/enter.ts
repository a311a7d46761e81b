import type { Step } from '../../syscalls/plan.js';
import { call } from '../../syscalls/steps.js';
import { inJoinOrder, setns } from '../compile/joins.js';
import type { Facts } from '../facts.js';
import { EXIT_FAILURE, firstDescriptor, type InPlacePlan } from './become-plan.js';
import { haveChild, standForChild } from './child.js';
import type { EnteredNamespace, EnterSpec } from './enter-spec.js';
import { viewSteps } from './netns-view.js';
import { writeFile } from './outside.js';
import { executeSteps, identitySteps, keepCapabilities } from './program.js';

/** nsenter(1) as a plan: this process joins the namespaces, and becomes the program or waits for a child that does. */
export function compileEnter(spec: EnterSpec, facts: Facts): InPlacePlan {
  const descriptors: number[] = [];
  const passed = spec.program.descriptors;
  const place = (fd: number): number => firstDescriptor(passed) + descriptors.push(fd) - 1;
  const dropped = dropsGroups(spec, facts);
  const inside = programSteps(spec, facts, dropped);
  const steps = [
    ...joinCgroup(spec, place),
    ...followContext(spec),
    ...(dropped ? [call('setgroups', [0, null], 'drop other groups', { object: 'setgroups failed' })] : []),
    ...inJoinOrder(spec.namespaces, (namespace) => [enterOne(namespace, place)]),
    ...(spec.netns ? viewSteps(spec.netns) : []),
    ...changeDirectories(spec, place),
    ...(spec.fork ? [haveChild(inside), ...standForChild(true)] : inside),
  ];
  return { plan: { failedStatus: EXIT_FAILURE, steps }, passed, descriptors };
}

type Place = (fd: number) => number;

function joinCgroup({ cgroup }: EnterSpec, place: Place): Step[] {
  if (cgroup === undefined) return [];
  return [
    call('write', [place(cgroup.fd), '0', 1], 'join the cgroup', { object: 'write cgroup.procs failed' }),
  ];
}

function followContext({ securityContext }: EnterSpec): Step[] {
  return securityContext === undefined
    ? []
    : writeFile('/proc/self/attr/exec', securityContext, '/proc/self/attr/exec');
}

const enterOne = ({ kind, fd, name }: EnteredNamespace, place: Place): Step =>
  setns(place(fd), kind, { object: `reassociate to namespace '${name}' failed` });

function changeDirectories({ root, directory, directoryInside }: EnterSpec, place: Place): Step[] {
  const enter = (fd: number): Step =>
    call('fchdir', [place(fd)], 'go there', { object: 'change directory failed' });
  return [
    ...(root === undefined
      ? []
      : [enter(root.fd), call('chroot', ['.'], 'make it the root directory', { object: 'chroot failed' })]),
    ...(directory === undefined ? [] : [enter(directory.fd)]),
    ...(directoryInside === undefined
      ? []
      : [
          call('chdir', [directoryInside], 'start there', {
            object: `cannot open current working directory ${directoryInside}`,
          }),
        ]),
  ];
}

/** Whoever may drops them outside: the user namespace may not allow it. */
const dropsGroups = ({ gid, namespaces }: EnterSpec, facts: Facts): boolean =>
  gid !== undefined && facts.groups.privileged && namespaces.some(({ kind }) => kind === 'user');

function programSteps(spec: EnterSpec, facts: Facts, dropped: boolean): Step[] {
  return [
    ...identitySteps(spec, dropped || spec.keepsDeniedGroups),
    ...(spec.keepCapabilities && spec.namespaces.some(({ kind }) => kind === 'user')
      ? keepCapabilities(facts)
      : []),
    ...executeSteps(spec.program, facts),
  ];
}
