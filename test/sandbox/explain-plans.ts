/** Small plans, written by hand, for the tests of explain. */

import { byteLength } from '../../src/foundation/byte-text.js';
import type { IdFacts } from '../../src/ids/facts.js';
import type { Facts } from '../../src/sandbox/facts.js';
import { currentArchitecture } from '../../src/syscalls/architecture.js';
import { AT, CLONE, IFF, IOCTL, MS, O, PR, SIGNALS } from '../../src/syscalls/constants.js';
import type { ExecStep, Plan, Step } from '../../src/syscalls/plan.js';
import { call, exitStep, result } from '../../src/syscalls/steps.js';

export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function exec(argv: readonly string[], env: readonly string[] = [`PATH=${PATH}`]): ExecStep {
  const name = argv[0] ?? '';
  const candidates = name.includes('/') ? [name] : PATH.split(':').map((folder) => `${folder}/${name}`);
  return { kind: 'exec', candidates, argv, env, why: 'become the program' };
}

export interface HandPlan {
  readonly flags?: number;
  readonly maps?: Readonly<Record<string, string>>;
  readonly before?: readonly Step[];
  readonly inside: readonly Step[];
}

/** A child in new namespaces that waits until its maps are written; the first process waits for it. */
export function handPlan({ flags = 0, maps = {}, before = [], inside }: HandPlan): Plan {
  const gate = Object.keys(maps).length > 0;
  const child: Step[] = [
    ...(gate ? waitAtGate() : []),
    call('prctl', [PR.SET_PDEATHSIG, SIGNALS.SIGKILL], 'die when the parent does'),
    ...inside,
  ];
  return {
    steps: [
      blockSignals(),
      ...before,
      ...(gate
        ? [call('pipe2', [{ memory: 'gate', size: 8 }, O.CLOEXEC], 'hold the child until it is mapped')]
        : []),
      { kind: 'fork', call: 'clone3', flags, id: 'child', why: 'start a child in new namespaces', child },
      ...Object.entries(maps).flatMap(([name, text]) => writeMap(name, text)),
      ...(gate ? [call('write', [{ cell: 'gate', at: 4 }, 'x', 1], 'let the child go on')] : []),
      {
        kind: 'supervise',
        id: 'status',
        child: { result: 'child' },
        as: 'waiter',
        why: 'wait, forward signals',
      },
      exitStep(result('status'), 'end as the child did'),
    ],
  };
}

/** What the addon does before the launcher starts, so that no SIGCHLD is lost before the first wait. */
export const blockSignals = (): Step =>
  call('rt_sigprocmask', [0, new Uint8Array(8).fill(255), null, 8], 'lose no signal before the wait');

function waitAtGate(): Step[] {
  return [
    call('close', [{ cell: 'gate', at: 4 }], 'leave the write end of the gate to the parent'),
    call(
      'read',
      [{ cell: 'gate', at: 0 }, { memory: 'gate-byte', size: 8 }, 1],
      'wait until the maps are written',
      {
        expect: { equals: 1, errno: 'ECANCELED' },
      },
    ),
  ];
}

function writeMap(name: string, text: string): Step[] {
  const path = { text: ['/proc/', { result: 'child' }, `/${name}`], fill: '/' } as const;
  const size = byteLength(text);
  return [
    call('openat', [AT.FDCWD, path, O.WRONLY | O.CLOEXEC, 0], `write the child's ${name}`, { id: name }),
    call('write', [result(name), text, size], `set ${name}`, { expect: { equals: size, errno: 'EIO' } }),
    call('close', [result(name)], `be done with ${name}`),
  ];
}

export const hostname = (name: string): Step =>
  call('sethostname', [name, byteLength(name)], 'set the host name', { object: name });

export const mountProc = (): Step[] => [
  call(
    'mount',
    ['none', '/', null, MS.REC | MS.PRIVATE, null],
    'keep mounts made here from appearing outside',
  ),
  call('mount', ['proc', '/proc', 'proc', MS.NOSUID | MS.NODEV | MS.NOEXEC, null], 'see the new processes'),
];

export function loopback(): Step[] {
  const request = new Uint8Array(40);
  request.set([0x6c, 0x6f]); // "lo"
  request[16] = IFF.UP;
  return [
    call('socket', [2, 2 | O.CLOEXEC, 0], 'speak to the network', { id: 'network' }),
    call('ioctl', [result('network'), IOCTL.SIOCSIFFLAGS, request], 'bring up the loopback'),
    call('close', [result('network')], 'be done with the network'),
  ];
}

/** The program as a child of PID 1. */
export function underInit(program: readonly Step[]): Step[] {
  return [
    { kind: 'fork', call: 'vfork', flags: 0, id: 'program', why: 'start the program', child: program },
    {
      kind: 'supervise',
      child: result('program') as { result: string },
      as: 'init',
      why: 'reap and end as it does',
    },
  ];
}

/** Root inside is the caller. */
export const CALLER_MAPPED = {
  setgroups: 'deny',
  uid_map: `0 ${process.geteuid?.()} 1\n`,
  gid_map: `0 ${process.getegid?.()} 1\n`,
};
export const UTS_PID_MNT_USER = CLONE.NEWUTS | CLONE.NEWPID | CLONE.NEWNS | CLONE.NEWUSER;

const ids: IdFacts = {
  id: 0,
  privileged: true,
  setfcap: true,
  available: [{ inner: 0, outer: 0, count: 4294967295 }],
  subordinate: [],
  newidmap: undefined,
};

/** A machine on which isol8 runs as root, for plans that the compiler makes. */
export const rootFacts: Facts = {
  architecture: currentArchitecture(),
  users: ids,
  groups: ids,
  capabilities: (1n << 41n) - 1n,
  lastCapability: 40,
  clone3: true,
  environment: { PATH },
  nofile: undefined,
  hardLimits: {},
  clocks: undefined,
  joins: [],
  sourceIsDirectory: {},
};
