import { Isol8Error } from '../foundation/errors.js';

/** What came from the kernel is no message as linux/netlink.h has it, or not of the family it should be of. */
export class NetlinkDecodeError extends Isol8Error {
  override readonly name = 'NetlinkDecodeError';

  /** @internal */
  constructor(problem: string) {
    super('ERR_NETLINK_DECODE', `decode a netlink message: ${problem}`);
  }
}

/** The kernel refused a request. `code` is the errno's name; `message` has the kernel's own words where it gave some. */
export class NetlinkError extends Isol8Error {
  override readonly name = 'NetlinkError';
  /** What was asked for: `add veth web0`. */
  readonly operation: string;
  /** The text of the extended acknowledgement, as the kernel wrote it. */
  readonly kernelMessage: string | undefined;

  /** @internal */
  constructor(operation: string, errno: string, details: { kernelMessage?: string; remedy?: string } = {}) {
    const { kernelMessage, remedy } = details;
    const words = [kernelMessage, remedy].filter((part) => part !== undefined).map(asSentence);
    super(errno, `${operation}: ${errno}${words.length > 0 ? `: ${words.join(' ')}` : ''}`);
    this.operation = operation;
    this.kernelMessage = kernelMessage;
  }
}

const asSentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
