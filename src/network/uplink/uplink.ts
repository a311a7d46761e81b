import { alsoFailed, Isol8Error } from '../../foundation/errors.js';
import type { ExitStatus } from '../../sandbox/process.js';
import { loadAddon } from '../../syscalls/addon.js';
import type { Carrier } from './carrier.js';
import {
  planUplink,
  type UplinkAddresses,
  type UplinkKind,
  type UplinkOptions,
  type UplinkPlan,
} from './options.js';
import { startPasta } from './pasta.js';
import { choosePorts, type UplinkPort } from './ports.js';
import { checkTun, chooseProgram, type UplinkProgram } from './requirements.js';
import { startSlirp4netns } from './slirp4netns.js';
import { type OpenTarget, openTarget, type UplinkTarget } from './target.js';
import { hasWayOut, waitForWayOut } from './way-out.js';

/** The way out of a network that belongs to a user namespace. It ends with this process, and when it is disposed of. */
export class Uplink implements AsyncDisposable {
  readonly kind: UplinkKind;
  readonly interface: string;
  readonly mtu: number;
  /** Inside: the network's own address, its gateway, and a name server that asks the host's first one. */
  readonly addresses: UplinkAddresses;
  readonly published: readonly UplinkPort[];
  /** Of the program, or of the PID 1 in front of it. */
  readonly pid: number;
  /** Resolves when the program has ended, which without disposing of it is a fault. */
  readonly exited: Promise<ExitStatus>;
  readonly #carrier: Carrier;

  /** @internal */
  constructor(kind: UplinkKind, carrier: Carrier, plan: UplinkPlan, published: readonly UplinkPort[]) {
    this.kind = kind;
    this.interface = plan.interface;
    this.mtu = plan.mtu;
    this.addresses = plan.addresses;
    this.published = published;
    this.pid = carrier.process.pid;
    this.exited = carrier.process.exited;
    this.#carrier = carrier;
  }

  /** Ends the way out, with all that was started for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#carrier.process[Symbol.asyncDispose]();
  }
}

/**
 * Gives a network that belongs to a user namespace a way out, by slirp4netns(1) or pasta(1), which pass its packets on as
 * connections of their own: nobody needs a privilege. Neither reaches the host's loopback. Resolves when there is a route out.
 *
 * The link stays inside, without a way out, when the uplink has ended.
 *
 * @throws SpecError for options that cannot be.
 * @throws UnsupportedError, which names the package that is not installed, or what keeps /dev/net/tun from being opened.
 * @throws Isol8Error EADDRINUSE and EACCES for published ports, ENETUNREACH when the host has no way out itself, ERR_UPLINK with
 * the program's own words, ETIMEDOUT, and the reason of `signal`. Then nothing is left running.
 */
export async function startUplink(target: UplinkTarget, options: UplinkOptions = {}): Promise<Uplink> {
  loadAddon(); // or say that this is not Linux
  options.signal?.throwIfAborted();
  const plan = planUplink(options);
  const program = chooseProgram(plan);
  using place = openTarget(target);
  checkTun();
  const families = familiesOf(program.kind, plan);
  const ports = choosePorts(plan.publish, plan.ipv6 ? '::' : '0.0.0.0');
  const { carrier, ready } = await START[program.kind](program, { target: place, plan, ports });
  const uplink = new Uplink(program.kind, carrier, plan, ports);
  try {
    await within(plan.timeout, options.signal, carrier, async (signal) => {
      await ready(signal);
      await waitForWayOut(place.net, families, signal);
    });
    return uplink;
  } catch (error) {
    await uplink[Symbol.asyncDispose]().catch((left: Error) => {
      throw alsoFailed(error, left);
    });
    throw error;
  }
}

/** pasta takes addresses and routes after the host's; slirp4netns does not care what the host has. */
function familiesOf(kind: UplinkKind, { ipv6 }: UplinkPlan): (4 | 6)[] {
  if (kind === 'slirp4netns') return [4];
  const families = ([4, 6] as const).filter((family) => (family === 4 || ipv6) && hasWayOut(family));
  if (families.includes(ipv6 ? 6 : 4)) return families;
  throw new Isol8Error(
    'ENETUNREACH',
    `uplink: this process's own network has no route out for ${ipv6 ? 'IPv6' : 'IPv4'}, so there is none to share`,
  );
}

/** Whatever comes first: the work, the end of the program, the deadline, the caller's signal. */
async function within(
  milliseconds: number,
  given: AbortSignal | undefined,
  carrier: Carrier,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const stop = (): void => over.abort(given?.reason);
  const late = (): void =>
    over.abort(carrier.failure(`it was not ready within ${milliseconds} ms`, 'ETIMEDOUT'));
  const timer = setTimeout(late, milliseconds);
  given?.addEventListener('abort', stop);
  const aborted = new Promise<never>((_, reject) => {
    over.signal.addEventListener('abort', () => reject(over.signal.reason));
    if (given?.aborted) stop();
  });
  try {
    await Promise.race([work(over.signal), carrier.ended(), aborted]);
  } finally {
    clearTimeout(timer);
    given?.removeEventListener('abort', stop);
    over.abort();
  }
}

const START = { slirp4netns: startSlirp4netns, pasta: startPasta } satisfies Record<
  UplinkKind,
  (
    program: UplinkProgram,
    what: { target: OpenTarget; plan: UplinkPlan; ports: readonly UplinkPort[] },
  ) => Promise<{ carrier: Carrier; ready: (signal: AbortSignal) => Promise<void> }>
>;
