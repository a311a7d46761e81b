import { byteLength } from '../../foundation/byte-text.js';
/** What unshare(1) has a child do that stays outside of the new namespaces: id maps, and mounts that keep them. */
import type { IdFacts, IdMapNames } from '../../ids/facts.js';
import { formatIdMap } from '../../ids/ranges.js';
import type { ResolvedIdMap } from '../../ids/resolve.js';
import type { NamespaceKind } from '../../namespaces/kinds.js';
import { AT, CLD_EXITED, MS, O, P_PID, SIGINFO, W } from '../../syscalls/constants.js';
import type { Argument, ResultReference, Step } from '../../syscalls/plan.js';
import { call, exitStep, result } from '../../syscalls/steps.js';
import { makeGate, openGate, waitAtGate } from '../compile/gate.js';
import { runHelper } from '../compile/maps.js';

/** The two halves of the parent's part. */
export interface Outside {
  /** Starts it. */
  readonly start: Step[];
  /** Sends the byte and waits until it is done. */
  readonly finish: Step[];
}

/** A child that waits for a byte, works for its parent, and ends with 0; `name` tells it from others of the same plan. */
export function outside(name: string, workFor: (parent: ResultReference) => readonly Step[]): Outside {
  const parent = { result: `${name}-for` };
  const gate = `${name}-gate`;
  return {
    start: [
      makeGate(gate, `tell ${name} when to begin`, { object: 'pipe failed' }),
      {
        kind: 'fork',
        call: 'clone',
        flags: 0,
        id: name,
        why: `have ${name} written from outside`,
        object: 'fork failed',
        child: [
          ...waitAtGate(gate, 'wait for the parent', `waiting to write ${name} failed`),
          call('getppid', [], 'know the process to write for', { id: parent.result }),
          ...workFor(parent),
          exitStep(0, 'be done'),
        ],
      },
    ],
    finish: [openGate(gate, `let ${name} begin`), ...waitFor(name, gate)],
  };
}

function waitFor(name: string, gate: string): Step[] {
  const how = { memory: `${name}-end`, size: SIGINFO.SIZE };
  const ended = (at: number, equals: number) => ({
    equals,
    cell: { cell: how.memory, at },
    errno: 'ECANCELED',
  });
  const object = `writing ${name} failed`;
  return [
    call('waitid', [P_PID, result(name), how, W.EXITED, null], `wait for ${name}`, {
      expect: ended(SIGINFO.CODE, CLD_EXITED), // killed, it could not say why
      object,
    }),
    call('close', [{ cell: gate, at: 0 }], `be done with ${name}`, {
      expect: { ...ended(SIGINFO.STATUS, 0), told: true },
      object,
    }),
  ];
}

export function mapFromOutside(
  map: ResolvedIdMap,
  facts: IdFacts,
  { kind, parent }: { kind: IdMapNames['kind']; parent: ResultReference },
): Step[] {
  const file = kind === 'user' ? 'uid_map' : 'gid_map';
  if (map.writer === 'direct') {
    return writeFile(
      { text: ['/proc/', parent, `/${file}`], fill: '/' },
      formatIdMap(map.ranges),
      `/proc/PID/${file}`,
    );
  }
  return runHelper(facts.newidmap as string, map, parent);
}

/** A whole small file in one write. */
export function writeFile(path: Argument, text: string, name: string): Step[] {
  const size = byteLength(text);
  return [
    call('openat', [AT.FDCWD, path, O.WRONLY | O.CLOEXEC, 0], `write ${name}`, {
      id: name,
      object: `cannot open ${name}`,
    }),
    call('write', [result(name), text, size], `set ${name}`, {
      expect: { equals: size, errno: 'EIO' },
      object: `write failed ${name}`,
    }),
    call('close', [result(name)], `be done with ${name}`),
  ];
}

/** pid and time namespaces are those of the children: the process itself is not in them. */
export function keepFromOutside(
  files: Readonly<Partial<Record<NamespaceKind, string>>>,
  parent: ResultReference,
): Step[] {
  return (Object.entries(files) as [NamespaceKind, string][]).map(([kind, target]) => {
    const name = kind === 'pid' || kind === 'time' ? `${kind}_for_children` : kind;
    const source: Argument = { text: ['/proc/', parent, `/ns/${name}`], fill: '/' };
    return call('mount', [source, target, null, MS.BIND, null], `keep the ${kind} namespace`, {
      object: `mount /proc/PID/ns/${name} on ${target} failed`,
    });
  });
}
