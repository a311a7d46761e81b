import { Isol8Error } from '../foundation/errors.js';
import { loadAddon } from '../syscalls/addon.js';
import { currentArchitecture } from '../syscalls/architecture.js';
import { closeDescriptor, SystemCallError, syscall, trySyscall } from '../syscalls/binding.js';
import { AF, FCNTL, IOCTL, PR, SCM_RIGHTS, SOCK, SOL_SOCKET } from '../syscalls/constants.js';
import { encodePlan } from '../syscalls/encode.js';
import { errnoName } from '../syscalls/errno.js';
import { statDescriptor } from '../syscalls/files.js';
import { launch, OUTSIDE_STEP, SLOT } from '../syscalls/launch.js';
import type { Argument, CallStep, Plan } from '../syscalls/plan.js';
import { call, exitStep, result } from '../syscalls/steps.js';
import { KINDS } from './kinds.js';
import { ownInode } from './open.js';
import type { SocketKind } from './open-socket.js';

/** Descriptors of the launcher, in the order of its slots. */
const STATUS = 0;
const CHANNEL = 2;
const NET = 3;
const USER = 4;

/** SCM_MAX_FD of net/scm.h: how many descriptors one message can carry. */
const MOST = 253;

/**
 * Sends a process into a net namespace, by way of the user namespace that owns it, which its owner may join from outside.
 * It opens the sockets there and passes them back:
 *
 *     launcher   setns(user)  setns(net)  socket …  sendmsg(SCM_RIGHTS)  exit
 *     caller                                                                  recvmsg
 */
export async function passSockets(net: number, kinds: readonly SocketKind[]): Promise<number[]> {
  if (kinds.length > MOST)
    throw new Isol8Error('EINVAL', `${kinds.length} sockets cannot be opened at once: at most ${MOST}`);
  const [ours, theirs] = openChannel();
  try {
    await pass(theirs, net, kinds);
    return receive(ours, kinds.length);
  } finally {
    closeDescriptor(ours);
  }
}

function openChannel(): [ours: number, theirs: number] {
  const pair = new Int32Array(2);
  syscall('socketpair', [AF.UNIX, SOCK.SEQPACKET | SOCK.CLOEXEC, 0, pair], 'to pass sockets through');
  return [pair[0] as number, pair[1] as number];
}

async function pass(channel: number, net: number, kinds: readonly SocketKind[]): Promise<void> {
  const owned = [channel];
  let plan: Plan;
  try {
    // The caller may dispose of its handle before the launcher has its copy.
    owned.push(syscall('fcntl', [net, FCNTL.F_DUPFD_CLOEXEC, 3], 'the net namespace'));
    const user = openOwner(net);
    if (user !== undefined) owned.push(user);
    plan = passPlan(kinds, user !== undefined);
  } catch (error) {
    for (const descriptor of owned) closeDescriptor(descriptor);
    throw error;
  }
  await start(plan, owned);
}

/** The user namespace that owns it, unless that is our own, which cannot be joined again. */
function openOwner(net: number): number | undefined {
  const owner = trySyscall('ioctl', net, IOCTL.NS_GET_USERNS, 0);
  if (owner < 0) throw cannotEnter(errnoName(-owner));
  if (statDescriptor(owner).inode !== ownInode('user')) return owner;
  closeDescriptor(owner);
  return undefined;
}

function passPlan(kinds: readonly SocketKind[], joinsUser: boolean): Plan {
  const sockets = kinds.map(({ family, type, protocol }, i) =>
    call('socket', [family, type | SOCK.CLOEXEC, protocol], 'open the socket', { id: `socket${i}` }),
  );
  return {
    status: STATUS,
    steps: [
      call('prctl', [PR.SET_DUMPABLE, 0], 'keep processes in there from tracing this one'),
      ...(joinsUser ? [setns(USER, 'user')] : []),
      setns(NET, 'net'),
      ...sockets,
      call('sendmsg', [CHANNEL, message(sockets), 0], 'pass it to the caller'),
      exitStep(0, 'be done'),
    ],
  };
}

const setns = (descriptor: number, kind: 'user' | 'net'): CallStep =>
  call('setns', [descriptor, KINDS[kind].flag], `join the ${kind} namespace`);

/** struct msghdr with one byte, as a message needs some, and a struct cmsghdr for each descriptor; see cmsg(3). */
function message(sockets: readonly CallStep[]): Argument {
  const headerSize = 16;
  const control = sockets.flatMap(({ id }) => [
    ...[headerSize + 4, SOL_SOCKET + SCM_RIGHTS * 2 ** 32],
    result(id as string),
  ]);
  const data = { words: [new Uint8Array(1), 1] };
  return { words: [null, 0, data, 1, { words: control }, control.length * 8, 0] };
}

function start(plan: Plan, owned: readonly number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    const slots = [SLOT.status, SLOT.plan, ...owned];
    try {
      launch(
        { plan: encodePlan(plan, currentArchitecture()), slots, owned, attached: true },
        {
          failed: (step, errno) => {
            failure ??= explain(plan, step, errno);
          },
          started: () => {},
          exited: (code) => {
            if (failure) reject(failure);
            else if (code === 0) resolve();
            else
              reject(
                new Isol8Error('ERR_LAUNCHER', 'open a socket: the launcher was killed before it was done'),
              );
          },
        },
      );
    } catch (error) {
      for (const descriptor of owned) closeDescriptor(descriptor);
      reject(error);
    }
  });
}

function explain(plan: Plan, index: number, errno: string): Error {
  const step = plan.steps[index];
  if (step?.kind !== 'call')
    return new Isol8Error(errno, `open a socket: ${OUTSIDE_STEP[index] ?? `step ${index}`}: ${errno}`);
  if (step.call === 'setns') return cannotEnter(errno);
  return new SystemCallError(step.call, errno, '');
}

function cannotEnter(errno: string): Isol8Error {
  const why =
    errno === 'EPERM'
      ? '. It takes CAP_SYS_ADMIN in the user namespace that owns it, or to be the one who made that: be root, or make ' +
        "both together: createNamespaces(['user', 'net'])."
      : '';
  return new Isol8Error(errno, `open a socket: join the net namespace: ${errno}${why}`);
}

function receive(channel: number, count: number): number[] {
  const sockets = new Int32Array(count);
  const received = loadAddon().receiveDescriptors(channel, sockets);
  if (received === count) return [...sockets];
  for (const socket of sockets.subarray(0, Math.max(0, received))) closeDescriptor(socket);
  throw new SystemCallError('recvmsg', received < 0 ? errnoName(-received) : 'EIO', 'the sockets');
}
