import { once } from 'node:events';
import { chown, mkdtemp, rmdir, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Isol8Error } from '../../foundation/errors.js';
import { Carrier } from './carrier.js';
import type { UplinkPlan } from './options.js';
import { cannotPublish, type UplinkPort } from './ports.js';
import type { UplinkProgram } from './requirements.js';
import type { OpenTarget } from './target.js';

/** The program's descriptors. It ends when the other end of the first is closed, and writes to READY once. */
const EXIT = 0;
const READY = 3;
const NET = 4;
const USER = 5;

/**
 * slirp4netns(1): IPv4, ports of the host's IPv4. It stays outside, without privilege and with the system calls it needs: what is
 * inside cannot trace it. For an ordinary user its own --enable-sandbox would have it enter the user namespace, where it could.
 */
export async function startSlirp4netns(
  program: UplinkProgram,
  { target, plan, ports }: { target: OpenTarget; plan: UplinkPlan; ports: readonly UplinkPort[] },
): Promise<{ carrier: Carrier; ready: (signal: AbortSignal) => Promise<void> }> {
  const folder = ports.length > 0 ? await makeFolder(target.owner) : undefined;
  const api = folder === undefined ? undefined : join(folder, 'api');
  const remove = async (): Promise<void> => {
    if (folder === undefined) return;
    // One by one: it may be another user's, who could lead whoever looks into it elsewhere.
    await unlink(api as string).catch(() => {});
    await rmdir(folder).catch(() => {});
  };
  try {
    const stdio = ['pipe', 'ignore', 'pipe', 'pipe', { fd: target.net.fd }, { fd: target.user.fd }] as const;
    const carrier = await Carrier.start(program, argumentsFor(plan, api, target.owner), {
      stdio,
      owner: target.owner,
    });
    const ready = async (signal: AbortSignal): Promise<void> => {
      try {
        await once(carrier.process.stdio[READY] as Readable, 'data', { signal });
        for (const port of ports) await publish(api as string, port, plan.addresses.address);
      } finally {
        await remove(); // nobody else is to find it
      }
    };
    return { carrier, ready };
  } catch (error) {
    await remove();
    throw error;
  }
}

function argumentsFor(
  { mtu, subnet, interface: link }: UplinkPlan,
  api: string | undefined,
  owner: number,
): string[] {
  return [
    // Without the privileges and the files of root, which it drops then.
    ...(owner === 0 ? ['--enable-sandbox'] : []),
    ...['--configure', `--mtu=${mtu}`, `--cidr=${subnet}`, '--disable-host-loopback', '--enable-seccomp'],
    ...[`--exit-fd=${EXIT}`, `--ready-fd=${READY}`],
    ...(api === undefined ? [] : [`--api-socket=${api}`]),
    ...['--netns-type=path', `--userns-path=/proc/self/fd/${USER}`, `/proc/self/fd/${NET}`, link],
  ];
}

/** sun_path of unix(7) has room for 107 bytes. */
async function makeFolder(owner: number): Promise<string> {
  const base = tmpdir().length > 80 ? '/tmp' : tmpdir();
  const folder = await mkdtemp(join(base, 'isol8-'));
  if (owner !== process.geteuid?.()) await chown(folder, owner, -1);
  return folder;
}

/** The request is over when our half is closed; then comes the answer. */
async function publish(
  api: string,
  { protocol, hostAddress, hostPort, port }: UplinkPort,
  inside: string,
): Promise<void> {
  const place = { proto: protocol, host_addr: hostAddress, host_port: hostPort };
  const request = { execute: 'add_hostfwd', arguments: { ...place, guest_addr: inside, guest_port: port } };
  const socket = connect({ path: api, allowHalfOpen: true });
  socket.end(JSON.stringify(request));
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  const { done, reason } = outcomeOf(answer);
  if (done) return;
  const where = `${hostAddress}:${hostPort}/${protocol}`;
  const { message } = cannotPublish(where, 'EADDRINUSE');
  throw new Isol8Error('EADDRINUSE', `${message} slirp4netns says: ${reason}`, { cause: answer });
}

function outcomeOf(answer: string): { done: boolean; reason: string } {
  try {
    const { error, ...rest } = JSON.parse(answer) as { return?: object; error?: { desc?: string } };
    return { done: 'return' in rest, reason: error?.desc ?? answer };
  } catch {
    return { done: false, reason: answer };
  }
}
