/** What a netlink socket makes of answers that a kernel gives rarely, on a channel that plays them. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { NetlinkChannel } from '../../src/netlink/channel.js';
import { NLM_F, NLMSG } from '../../src/netlink/constants.js';
import { decodeMessages, encodeMessages } from '../../src/netlink/message.js';
import { NetlinkSocket } from '../../src/netlink/socket.js';
import { SystemCallError } from '../../src/syscalls/binding.js';

const PORT = 4711;
const REQUEST = { type: 18, flags: 0, body: new Uint8Array(16), what: 'list links' };

interface Message {
  readonly type?: number;
  readonly flags?: number;
  readonly text?: string;
  /** Of the request that it answers, by default that of the last; added to it. */
  readonly sequence?: number;
  readonly port?: number;
}

/** Answers each datagram that is sent with the next of `answers`; an Error is thrown by who receives. */
class PlayedChannel {
  readonly port = PORT;
  readonly closed = false;
  readonly sent: number[] = [];
  readonly #answers: readonly (readonly (Message[] | Error)[])[];
  #due: (Buffer | Error)[] = [];

  constructor(answers: readonly (readonly (Message[] | Error)[])[]) {
    this.#answers = answers;
  }

  async send(datagram: Buffer): Promise<void> {
    const last = decodeMessages(datagram).at(-1)?.sequence ?? 0;
    const answer = this.#answers[this.sent.length] ?? [];
    this.sent.push(last);
    this.#due = answer.map((part) => (part instanceof Error ? part : encoded(part, last)));
  }

  receive(): Buffer | undefined {
    const next = this.#due.shift();
    if (next instanceof Error) throw next;
    return next;
  }

  async readable(): Promise<void> {
    assert.ok(this.#due.length > 0, 'nothing more comes');
  }
}

function encoded(messages: readonly Message[], last: number): Buffer {
  const datagrams = messages.map(
    ({ type = 16, flags = NLM_F.MULTI, text = '', sequence = 0, port = PORT }) => {
      const body = type === NLMSG.DONE || type === NLMSG.ERROR ? new Uint8Array(20) : Buffer.from(text);
      return encodeMessages([{ type, flags, sequence: last + sequence, body }], port);
    },
  );
  return Buffer.concat(datagrams);
}

const DONE: Message = { type: NLMSG.DONE };

function played(...answers: (readonly (Message[] | Error)[])[]): {
  socket: NetlinkSocket;
  channel: PlayedChannel;
} {
  const channel = new PlayedChannel(answers);
  return { channel, socket: new NetlinkSocket(channel as unknown as NetlinkChannel) };
}

const texts = (messages: readonly { body: Buffer }[]): string[] => messages.map(({ body }) => String(body));

it('takes the parts of a dump together, and asks once', async () => {
  const { socket, channel } = played([
    [{ text: 'one' }, { text: 'two' }],
    [{ text: 'three' }, DONE],
  ]);
  assert.deepEqual(texts(await socket.dump(REQUEST)), ['one', 'two', 'three']);
  assert.equal(channel.sent.length, 1);
});

it('begins a dump anew that was interrupted, in any of its parts, and gives nothing of it', async () => {
  for (const interrupted of [
    [[{ text: 'old', flags: NLM_F.MULTI | NLM_F.DUMP_INTR }], [DONE]],
    [[{ text: 'old' }], [{ ...DONE, flags: NLM_F.MULTI | NLM_F.DUMP_INTR }]],
    [[{ text: 'old' }], [{ type: NLMSG.OVERRUN }, DONE]],
    [new SystemCallError('recvfrom', 'ENOBUFS', 'netlink')],
  ]) {
    const { socket, channel } = played(interrupted, [[{ text: 'new' }, DONE]]);
    assert.deepEqual(texts(await socket.dump(REQUEST)), ['new']);
    assert.equal(channel.sent.length, 2);
  }
});

it('gives a dump up that never holds still', async () => {
  const interrupted = [[{ text: 'old', flags: NLM_F.MULTI | NLM_F.DUMP_INTR }, DONE]];
  const { socket } = played(...Array.from({ length: 100 }, () => interrupted));
  await assert.rejects(socket.dump(REQUEST), {
    code: 'EINTR',
    message: /list links: EINTR: it changed during each/,
  });
});

it('drops what answers somebody else, or an earlier request', async () => {
  const { socket } = played([
    [
      { text: 'theirs', port: PORT + 1 },
      { ...DONE, port: PORT + 1 },
    ],
    [
      { text: 'before', sequence: -1 },
      { ...DONE, sequence: -1 },
    ],
    [{ text: 'ours' }, DONE],
  ]);
  assert.deepEqual(texts(await socket.dump(REQUEST)), ['ours']);
});

it('goes on with the next request after one that was given up', async () => {
  const { socket } = played(
    [new SystemCallError('recvfrom', 'EIO', 'netlink')],
    [[{ text: 'late', sequence: -1 }, { text: 'ours' }, DONE]],
  );
  await assert.rejects(socket.dump(REQUEST), { code: 'EIO' });
  assert.deepEqual(texts(await socket.dump(REQUEST)), ['ours']);
});
