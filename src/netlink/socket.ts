import { Isol8Error } from '../foundation/errors.js';
import { type Acknowledgement, acknowledgementOf, errorOf } from './acknowledgement.js';
import { type ChannelOptions, NetlinkChannel } from './channel.js';
import { NLM_F, NLMSG } from './constants.js';
import { NetlinkError } from './errors.js';
import { decodeMessages, encodeMessages, type NetlinkMessage, type NetlinkRequest } from './message.js';

/** How often a dump is begun anew when what it lists has changed meanwhile. */
const DUMP_ATTEMPTS = 20;

/** What came back for one request. */
class Answer {
  readonly messages: NetlinkMessage[] = [];
  ended = false;
  interrupted = false;
  /** Of a request that was refused. */
  refusal: Acknowledgement | undefined;
  readonly #request: NetlinkRequest;
  #error: NetlinkError | undefined;

  constructor(request: NetlinkRequest) {
    this.#request = request;
  }

  /** Made for who asks: its stack costs more than most requests. */
  get error(): NetlinkError | undefined {
    if (this.refusal !== undefined) this.#error ??= errorOf(this.#request, this.refusal);
    return this.#error;
  }
}

/**
 * A netlink(7) socket for requests and their answers. What it is asked for at the same time is done one after the other, in
 * this order. It stays in the network namespace it was opened in.
 */
export class NetlinkSocket implements Disposable {
  readonly #channel: NetlinkChannel;
  #sequence = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(channel: NetlinkChannel) {
    this.#channel = channel;
  }

  /** @throws Isol8Error EPERM for a namespace that the caller may not enter. */
  static async open(options: Omit<ChannelOptions, 'groups'>): Promise<NetlinkSocket> {
    return new NetlinkSocket(await NetlinkChannel.open(options));
  }

  get namespaceCookie(): bigint | undefined {
    return this.#channel.namespaceCookie;
  }

  /** Has one thing done. Throws NetlinkError. */
  async request(request: NetlinkRequest): Promise<void> {
    await this.batch([request]);
  }

  /**
   * Has several things done, in one datagram. The kernel goes on after a failure.
   *
   * @throws NetlinkError of the first that failed.
   */
  async batch(requests: readonly NetlinkRequest[]): Promise<void> {
    if (requests.length === 0) return;
    const errors = await this.tryBatch(requests);
    const failed = errors.find((error) => error !== undefined);
    if (failed !== undefined) throw failed;
  }

  /** {@link batch}, with each one's error, or undefined where it worked. */
  async tryBatch(requests: readonly NetlinkRequest[]): Promise<(NetlinkError | undefined)[]> {
    const last = requests.length - 1;
    const flagged = requests.map((request, i) =>
      i === last ? { ...request, flags: request.flags | NLM_F.ACK } : request,
    );
    const answers = await this.exchange(flagged);
    return answers.map(({ error }) => error);
  }

  /** Asks for one thing, undefined when the kernel answers with nothing. Throws NetlinkError. */
  async get(request: NetlinkRequest): Promise<NetlinkMessage | undefined> {
    return await this.find(request, '');
  }

  /** {@link get}, undefined also where the kernel refuses with this errno. */
  async find(request: NetlinkRequest, absent: string): Promise<NetlinkMessage | undefined> {
    const [answer] = await this.exchange([{ ...request, flags: request.flags | NLM_F.ACK }]);
    if (answer?.refusal?.errno === absent) return undefined;
    if (answer?.error) throw answer.error;
    return answer?.messages[0];
  }

  /** {@link get} for several things, in one datagram; undefined also where the kernel refused. */
  async ask(requests: readonly NetlinkRequest[]): Promise<(NetlinkMessage | undefined)[]> {
    if (requests.length === 0) return [];
    const last = requests.length - 1;
    const flagged = requests.map((one, i) => (i === last ? { ...one, flags: one.flags | NLM_F.ACK } : one));
    return (await this.exchange(flagged)).map(({ messages }) => messages[0]);
  }

  /**
   * Asks for all there is of something. A dump during which that has changed is begun anew.
   *
   * @throws NetlinkError EINTR when it never holds still.
   */
  async dump(request: NetlinkRequest): Promise<NetlinkMessage[]> {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      try {
        const [answer] = await this.exchange([{ ...request, flags: request.flags | NLM_F.DUMP }]);
        if (answer?.error && answer.error.code !== 'EINTR') throw answer.error;
        if (answer && !answer.refusal && !answer.interrupted) return answer.messages;
      } catch (error) {
        if ((error as Isol8Error).code !== 'ENOBUFS') throw error;
      }
    }
    throw new NetlinkError(request.what, 'EINTR', {
      kernelMessage: `it changed during each of ${DUMP_ATTEMPTS} attempts to read it`,
    });
  }

  /**
   * Sends requests in one datagram and collects what comes back for each, until the one at `awaited` (default the last) is
   * answered, or one of those at `fatal` has failed, after which the kernel looks at none of the others.
   */
  exchange(
    requests: readonly NetlinkRequest[],
    fatal: readonly number[] = [],
    awaited: number = requests.length - 1,
  ): Promise<Answer[]> {
    const result = this.#last.then(() => this.#exchange(requests, fatal, awaited));
    this.#last = result.catch(() => {});
    return result;
  }

  async #exchange(
    requests: readonly NetlinkRequest[],
    fatal: readonly number[],
    awaited: number,
  ): Promise<Answer[]> {
    const first = this.#sequence + 1;
    this.#sequence += requests.length;
    const numbered = requests.map(({ type, flags, body }, i) => {
      return { type, flags: flags | NLM_F.REQUEST, body, sequence: (first + i) >>> 0 };
    });
    const elsewhere = requests.some(({ slow }) => slow === true);
    await this.#channel.send(encodeMessages(numbered, this.#channel.port), elsewhere);
    const answers = requests.map((request) => new Answer(request));
    const over = (): boolean =>
      answers[awaited]?.ended === true || fatal.some((index) => answers[index]?.refusal !== undefined);
    while (!over()) {
      for (const message of await this.#receive()) {
        const index = (message.sequence - first) >>> 0;
        const answer = answers[index];
        if (answer && message.port === this.#channel.port) take(message, answer);
      }
    }
    return answers;
  }

  async #receive(): Promise<NetlinkMessage[]> {
    for (;;) {
      const datagram = this.#channel.receive();
      if (datagram !== undefined) return decodeMessages(datagram);
      await this.#channel.readable();
      if (this.#channel.closed)
        throw new Isol8Error('EBADF', 'the netlink socket was closed during a request');
    }
  }

  [Symbol.dispose](): void {
    this.#channel[Symbol.dispose]();
  }
}

function take(message: NetlinkMessage, answer: Answer): void {
  if (message.flags & NLM_F.DUMP_INTR) answer.interrupted = true;
  if (message.type === NLMSG.NOOP) return;
  if (message.type === NLMSG.ERROR || message.type === NLMSG.DONE) {
    const acknowledgement = acknowledgementOf(message);
    if (acknowledgement.errno !== undefined) answer.refusal = acknowledgement;
    answer.ended = true;
  } else if (message.type === NLMSG.OVERRUN) {
    answer.interrupted = true;
  } else {
    answer.messages.push(message);
  }
}
