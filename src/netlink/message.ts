import { aligned } from './attribute-writer.js';
import { NetlinkDecodeError } from './errors.js';

/** struct nlmsghdr: u32 length, u16 type, u16 flags, u32 sequence, u32 port. */
export const HEADER_SIZE = 16;

/** A request before it has its number: what a codec makes. */
export interface NetlinkRequest {
  readonly type: number;
  /** NLM_F_*; NLM_F_REQUEST is always added. */
  readonly flags: number;
  /** The family's struct and its attributes. */
  readonly body: Uint8Array;
  /** For errors, what is asked for: `add veth web0`. */
  readonly what: string;
  /**
   * The kernel waits for all processors while it does this, for tens of milliseconds: it is sent from another thread. What
   * takes microseconds, as nearly everything, costs less than going there.
   */
  readonly slow?: boolean | undefined;
  /** What to do about an errno that the kernel may answer with, by its name or by the kernel's own words. */
  readonly remedies?: Readonly<Record<string, string>> | undefined;
}

/** A message of the kernel, as its struct nlmsghdr and what is behind that. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly port: number;
  readonly body: Buffer;
}

/** Messages one behind the other, as one datagram carries them. */
export function encodeMessages(
  messages: readonly { type: number; flags: number; sequence: number; body: Uint8Array }[],
  port: number,
): Buffer {
  const size = messages.reduce((sum, { body }) => sum + aligned(HEADER_SIZE + body.length), 0);
  const bytes = new Uint8Array(size);
  const words = new Uint32Array(bytes.buffer); // a store each, where the methods of Buffer are a call
  let at = 0;
  for (const { type, flags, sequence, body } of messages) {
    const word = at / 4;
    words[word] = HEADER_SIZE + body.length;
    words[word + 1] = type | (flags << 16);
    words[word + 2] = sequence;
    words[word + 3] = port;
    bytes.set(body, at + HEADER_SIZE);
    at += aligned(HEADER_SIZE + body.length);
  }
  return Buffer.from(bytes.buffer);
}

/** The messages of a datagram. Bodies are views into it. Throws NetlinkDecodeError. */
export function decodeMessages(datagram: Buffer): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at < datagram.length; ) {
    if (at + HEADER_SIZE > datagram.length)
      throw new NetlinkDecodeError(`a header at ${at} of ${datagram.length} bytes`);
    const size = datagram.readUInt32LE(at);
    if (size < HEADER_SIZE || at + size > datagram.length)
      throw new NetlinkDecodeError(`a message of ${size} bytes at ${at} of ${datagram.length}`);
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      port: datagram.readUInt32LE(at + 12),
      body: datagram.subarray(at + HEADER_SIZE, at + size),
    });
    at += aligned(size);
  }
  return messages;
}
