import { getSystemErrorMap } from 'node:util';
import { Isol8Error } from '../../foundation/errors.js';
import { errnoNumber } from '../../syscalls/errno.js';

/** Where it happened. An address has a port, an abstract socket of unix(7) has none. */
interface SocketErrorPlace {
  readonly syscall: string;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** A socket in another namespace could not be connected or bound; with the fields that node:net's own errors have. */
export class SocketError extends Isol8Error {
  override readonly name = 'SocketError';
  /** The system call, as node:net names it: `connect`, `bind`, `listen`. */
  readonly syscall: string;
  /** The negated errno. */
  readonly errno: number | undefined;
  readonly address: string | undefined;
  readonly port: number | undefined;

  /** @internal */
  constructor(code: string, message: string, place: SocketErrorPlace, options?: { cause?: unknown }) {
    super(code, message, options);
    this.syscall = place.syscall;
    this.errno = numberOf(code);
    this.address = place.address;
    this.port = place.port;
  }
}

function numberOf(code: string): number | undefined {
  try {
    return -errnoNumber(code);
  } catch {
    return undefined;
  }
}

const REMEDY: Readonly<Record<string, string>> = {
  EACCES:
    'A port below net.ipv4.ip_unprivileged_port_start of that namespace takes CAP_NET_BIND_SERVICE in the user namespace ' +
    'that owns it.',
  EADDRNOTAVAIL: 'No interface in there has this address; loopback has its own only once it is up.',
  ENETUNREACH: 'That namespace has no route to there; its loopback has to be up too.',
  EADDRINUSE: 'Another socket in there has it.',
};

/** An error of a system call of ours, in the words of node:net. */
export function systemError(code: string, place: SocketErrorPlace, namespace: string): SocketError {
  const text = getSystemErrorMap().get(numberOf(code) ?? 0)?.[1];
  const { address, port, syscall } = place;
  const where = address === undefined ? '' : ` ${address}${port === undefined ? '' : `:${port}`}`;
  const words = `${syscall} ${code}${text ? `: ${text}` : ''}${where} in ${namespace}`;
  return new SocketError(code, withRemedy(words, code), place);
}

/** The last of the errors of node:net, or of ours, one for each address that was tried. */
export function connectError(failures: readonly unknown[], namespace: string): Isol8Error {
  const last = failures.at(-1);
  if (last instanceof Isol8Error) return last;
  const { code = 'EIO', syscall, address, port, message } = last as NodeJS.ErrnoException & SocketErrorPlace;
  const cause = failures.length > 1 ? new AggregateError(failures, 'no address could be reached') : last;
  const place = { syscall: syscall ?? 'connect', address, port };
  return new SocketError(code, withRemedy(`${message} in ${namespace}`, code), place, { cause });
}

const withRemedy = (words: string, code: string): string =>
  REMEDY[code] ? `${words}. ${REMEDY[code]}` : words;
