/** A pipe at which a child waits for its parent: a byte lets it go on, the end of the file says that the parent is gone. */
import { O } from '../../syscalls/constants.js';
import type { Argument, Step } from '../../syscalls/plan.js';
import { call, type Details } from '../../syscalls/steps.js';

/** In the parent, before the child is there; `gate` tells it from others of the same plan. */
export function makeGate(gate: string, why: string, details?: Details): Step {
  return call('pipe2', [{ memory: gate, size: 8 }, O.CLOEXEC], why, details);
}

/** In the child. A parent that is gone has said why itself. */
export function waitAtGate(gate: string, why: string, object: string): Step[] {
  const byte: Argument = { memory: `${gate}-byte`, size: 8 };
  return [
    call('close', [{ cell: gate, at: 4 }], 'leave the write end of the gate to the parent'),
    call('read', [{ cell: gate, at: 0 }, byte, 1], why, {
      expect: { equals: 1, errno: 'ECANCELED', told: true },
      object,
    }),
  ];
}

/** In the parent. */
export function openGate(gate: string, why: string, details?: Details): Step {
  return call('write', [{ cell: gate, at: 4 }, 'x', 1], why, details);
}
