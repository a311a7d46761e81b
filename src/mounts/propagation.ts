import { MS } from '../syscalls/constants.js';
import type { Step } from '../syscalls/plan.js';
import { call, type Details } from '../syscalls/steps.js';

/** mount_namespaces(7), "Shared subtrees". */
const FLAG = { private: MS.PRIVATE, slave: MS.SLAVE, shared: MS.SHARED } as const;

/** Whether mounts made below a path appear where else the tree is, and the other way round. */
export function setPropagation(
  path: string,
  propagation: keyof typeof FLAG,
  { why, ...details }: Details & { why: string },
): Step {
  return call('mount', ['none', path, null, MS.REC | FLAG[propagation], null], why, details);
}
