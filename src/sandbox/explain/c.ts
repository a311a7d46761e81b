/** A plan as a C program that makes the same calls in the same order. */
import type { Plan } from '../../syscalls/plan.js';
import { RUNTIME } from './c-runtime.js';
import { cProcesses } from './c-steps.js';
import { memoryName, type Needs } from './c-values.js';
import type { Explained } from './run-time.js';
import { type Slot, slotsOf } from './slots.js';

export function explainAsC(plan: Plan, context: Explained): string {
  const needs: Needs = {
    headers: new Set(['sys/syscall.h', 'unistd.h', 'stdint.h', 'errno.h']),
    definitions: new Map(),
    memory: new Map(),
    context,
  };
  const slots = slotsOf(plan, context.steps).map(openSlot);
  const processes = cProcesses(plan.steps, slots, needs);
  const body = processes.text;
  const runtime = neededRuntime(body);
  for (const part of runtime) for (const header of part.headers) needs.headers.add(header);
  return `${[
    `/* ${TITLE} */`,
    `#define _GNU_SOURCE\n${includes(needs)}`,
    definitions(needs),
    declarations(needs, processes),
    ...runtime.map((part) => part.text),
    body,
  ]
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}

const TITLE = `What isol8 does, as a C program. Build it with: cc -std=gnu11 -Wall -Wextra -o program program.c
 * Signals are as the caller has them; isol8 blocks them until the program starts.`;

function includes({ headers }: Needs): string {
  const order = [...headers].sort(
    (a, b) => Number(a.startsWith('linux/')) - Number(b.startsWith('linux/')) || (a < b ? -1 : 1),
  );
  return order.map((header) => `#include <${header}>`).join('\n');
}

function definitions({ definitions: names }: Needs): string {
  const young = [...names].map(([name, number]) => `#ifndef ${name}\n#define ${name} ${number}\n#endif`);
  return young.join('\n');
}

function declarations({ memory }: Needs, processes: { variables: string[]; prototypes: string[] }): string {
  const blocks = [...memory].map(
    ([name, size]) => `static int32_t ${memoryName(name)}[${Math.ceil(size / 4)}];`,
  );
  return [...processes.variables, ...blocks, ...processes.prototypes].join('\n');
}

/** A part that another needed part calls is needed too. */
function neededRuntime(body: string): (typeof RUNTIME)[number][] {
  let text = body;
  const needed = [...RUNTIME].reverse().filter((part) => {
    const called = new RegExp(`\\b${part.name}\\(`).test(text);
    if (called) text += part.text;
    return called;
  });
  return needed.reverse();
}

function openSlot(slot: Slot): string {
  if (slot.use === 'lifeline') return `lifeline_slot(${slot.fd});`;
  if (slot.use === 'namespace') {
    return `slot(${slot.fd}, "/proc/self/ns/${slot.kind}", O_RDONLY); /* put the namespace to join here */`;
  }
  if (slot.use === 'directory') return `slot(${slot.fd}, "/", O_PATH);`;
  const what = slot.use === 'status' ? 'isol8 listens here' : 'isol8 has the other end';
  return `slot(${slot.fd}, "/dev/zero", O_RDWR); /* ${what} */`;
}
