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

export interface ExchangeOptions {
  /** The number of the request whose answer is waited for; default the last. */
  readonly awaited?: number;
  /** Flags that this one has besides its own; without NLM_F_ACK or NLM_F_DUMP the kernel says nothing when it has worked. */
  readonly flags?: number;
  /** Requests after whose failure the kernel looks at none of the others, so that nothing more is waited for. */
  readonly fatal?: readonly number[];
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
    const answers = await this.exchange(requests, { flags: NLM_F.ACK });
    return answers.map(({ error }) => error);
  }

  /** Asks for one thing, undefined when the kernel answers with nothing. Throws NetlinkError. */
  async get(request: NetlinkRequest): Promise<NetlinkMessage | undefined> {
    return await this.find(request, '');
  }

  /** {@link get}, undefined also where the kernel refuses with this errno. */
  async find(request: NetlinkRequest, absent: string): Promise<NetlinkMessage | undefined> {
    const [answer] = await this.exchange([request], { flags: NLM_F.ACK });
    if (answer?.refusal?.errno === absent) return undefined;
    if (answer?.error) throw answer.error;
    return answer?.messages[0];
  }

  /** {@link get} for several things, in one datagram; undefined also where the kernel refused. */
  async ask(requests: readonly NetlinkRequest[]): Promise<(NetlinkMessage | undefined)[]> {
    if (requests.length === 0) return [];
    return (await this.exchange(requests, { flags: NLM_F.ACK })).map(({ messages }) => messages[0]);
  }

  /**
   * Asks for all there is of something. A dump during which that has changed is begun anew.
   *
   * @throws NetlinkError EINTR when it never holds still.
   */
  async dump(request: NetlinkRequest): Promise<NetlinkMessage[]> {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      try {
        const [answer] = await this.exchange([request], { flags: NLM_F.DUMP });
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

  /** Sends requests in one datagram and collects what comes back for each. */
  exchange(requests: readonly NetlinkRequest[], options: ExchangeOptions = {}): Promise<Answer[]> {
    const result = this.#last.then(() => this.#exchange(requests, options));
    this.#last = result.catch(() => {});
    return result;
  }

  async #exchange(
    requests: readonly NetlinkRequest[],
    { flags: more = 0, awaited = requests.length - 1, fatal = [] }: ExchangeOptions,
  ): Promise<Answer[]> {
    const first = this.#sequence + 1;
    this.#sequence += requests.length;
    const numbered = requests.map(({ type, flags, body }, i) => {
      const all = NLM_F.REQUEST | flags | (i === awaited ? more : 0);
      return { type, flags: all, body, sequence: (first + i) >>> 0 };
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
