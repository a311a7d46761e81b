import { byteLength } from '../../foundation/byte-text.js';
import type { IdMapNames } from '../../ids/facts.js';
import { formatIdMap } from '../../ids/ranges.js';
import type { ResolvedIdMap } from '../../ids/resolve.js';
import { AT, LAST_DESCRIPTOR, O } from '../../syscalls/constants.js';
import type { Argument, ResultReference, Step } from '../../syscalls/plan.js';
import { call, result } from '../../syscalls/steps.js';
import type { Context } from './context.js';

/** Where /proc/PID is reached from: the path, or a directory descriptor when /proc is another one by then. */
export interface ProcDirectory {
  readonly descriptor: Argument;
  readonly prefix: string;
}

export const HOST_PROC: ProcDirectory = { descriptor: AT.FDCWD, prefix: '/proc/' };

/** Whether a child has to wait for its parent to write the maps of its new user namespace. */
export function hasMaps(context: Context): boolean {
  return context.users.writer !== 'none' || context.groups.writer !== 'none';
}

/** setgroups, uid_map and gid_map of a child in a new user namespace, in the order the kernel wants them. */
export function mapSteps(context: Context, child: ResultReference, proc: ProcDirectory): Step[] {
  const file = (name: string, text: string): Step[] => writeProcFile({ child, proc, name, text });
  return [
    ...(context.setgroups === 'deny' && context.groups.writer !== 'none' ? file('setgroups', 'deny') : []),
    ...writeMap(context.users, context, { child, file, kind: 'user' }),
    ...writeMap(context.groups, context, { child, file, kind: 'group' }),
  ];
}

interface MapTarget {
  readonly child: ResultReference;
  readonly kind: IdMapNames['kind'];
  readonly file: (name: string, text: string) => Step[];
}

function writeMap(map: ResolvedIdMap, context: Context, { child, kind, file }: MapTarget): Step[] {
  if (map.writer === 'none') return [];
  if (map.writer === 'direct') return file(kind === 'user' ? 'uid_map' : 'gid_map', formatIdMap(map.ranges));
  const facts = kind === 'user' ? context.facts.users : context.facts.groups;
  return runHelper(facts.newidmap as string, map, child);
}

function writeProcFile(target: {
  child: ResultReference;
  proc: ProcDirectory;
  name: string;
  text: string;
}): Step[] {
  const { child, proc, name, text } = target;
  const size = byteLength(text);
  const field = name === 'uid_map' ? 'mapUsers' : name === 'gid_map' ? 'mapGroups' : 'setgroups';
  return [
    call(
      'openat',
      [proc.descriptor, { text: [proc.prefix, child, `/${name}`], fill: '/' }, O.WRONLY | O.CLOEXEC, 0],
      `write the child's ${name}`,
      { id: name, object: `/proc/PID/${name}`, field },
    ),
    call('write', [result(name), text, size], `set ${name}`, {
      expect: { equals: size, errno: 'EIO' },
      object: `/proc/PID/${name}`,
      field,
    }),
    call('close', [result(name)], `be done with ${name}`),
  ];
}

/** newuidmap(1) and newgidmap(1) are set-user-ID programs that check /etc/subuid and write the map for us. */
export function runHelper(path: string, map: ResolvedIdMap, child: ResultReference): Step[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const numbers = map.ranges.flatMap(({ inner, outer, count }) => [`${inner}`, `${outer}`, `${count}`]);
  const status = { memory: `${name}-status`, size: 4 };
  const field = name === 'newuidmap' ? 'mapUsers' : 'mapGroups';
  return [
    {
      kind: 'fork',
      call: 'clone',
      flags: 0,
      id: name,
      why: `have ${name} write the map`,
      child: [
        call('close_range', [0, LAST_DESCRIPTOR, 0], 'keep the descriptors to ourselves'),
        {
          kind: 'exec',
          candidates: [path],
          argv: [name, { text: ['', child, ''], fill: '0' }, ...numbers],
          env: [],
          why: 'write a map of subordinate ids',
          field,
        },
      ],
    },
    call('wait4', [result(name), status, 0, null], `wait for ${name}`, {
      expect: { equals: 0, cell: { cell: status.memory, at: 0 }, errno: 'EPERM' },
      object: `${name} ${numbers.join(' ')}`,
      field,
    }),
  ];
}
