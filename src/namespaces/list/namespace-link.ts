import { bindSyscall, cString } from '../../syscalls/binding.js';
import { AT } from '../../syscalls/constants.js';
import { ALL_KINDS, type NamespaceKind } from '../kinds.js';

const ROOM = 256;
const ZERO = 48;
const SLASH = 47;
const COLON = 58;
const LETTER = { a: 97, d: 100, e: 101, p: 112, s: 115, v: 118 } as const;
const SOCKET = 'socket:[';

/** A link of /proc/PID/ns: `uts:[4026531838]`. Reading it takes half as long as asking for its status. */
export interface NamespaceLink {
  readonly kind: NamespaceKind;
  /** As /proc/PID/ns calls it. */
  readonly name: string;
  /** Below /proc/PID/ns, NUL-terminated. */
  readonly path: Uint8Array;
}

export function linkOf(name: string, kind: NamespaceKind): NamespaceLink {
  return { kind, name, path: cString(name) };
}

/** `uts:[4026531838]` as proc(5) prints it, undefined when the text is something else. */
export function parseNamespaceLink(text: string): { kind: NamespaceKind; inode: number } | undefined {
  const [, name, digits] = /^(\w+):\[(\d+)\]$/.exec(text) ?? [];
  const kind = ALL_KINDS.find((each) => each === name);
  return kind && { kind, inode: Number(digits) };
}

/** Reads links of /proc into one buffer. */
export class LinkReader {
  readonly #readlink = bindSyscall('readlinkat');
  readonly #bytes = Buffer.alloc(ROOM);
  #length = 0;

  /** The inode of a namespace's link below a directory, or a negated errno. */
  inode(directory: number, link: NamespaceLink): number {
    this.#length = this.#readlink(directory, link.path, this.#bytes, ROOM);
    return this.#length < 0 ? this.#length : this.#number(link.kind.length + 2);
  }

  /** What stands from there on to the bracket at the end. */
  #number(from: number): number {
    let number = 0;
    for (let at = from; at < this.#length - 1; at++)
      number = number * 10 + (this.#bytes[at] as number) - ZERO;
    return number;
  }

  /** Reads any link, as far as there is room for it. False when it cannot be read. */
  read(directory: number, path: Uint8Array): boolean {
    this.#length = this.#readlink(directory, path, this.#bytes, ROOM);
    return this.#length >= 0;
  }

  /**
   * Whether the link that was read leads to a pipe, an object without a name, or a file in /dev: no namespace is there,
   * and most descriptors are.
   */
  get isPlain(): boolean {
    const bytes = this.#bytes;
    if (bytes[0] === SLASH) return bytes[1] === LETTER.d && bytes[2] === LETTER.e && bytes[3] === LETTER.v;
    return bytes[0] === LETTER.a || (bytes[0] === LETTER.p && bytes[2] === LETTER.p);
  }

  /** The inode of the socket that the link leads to, undefined where it leads elsewhere. */
  get socket(): number | undefined {
    const bytes = this.#bytes;
    const isSocket = bytes[0] === LETTER.s && bytes[SOCKET.length - 2] === COLON;
    return isSocket ? this.#number(SOCKET.length) : undefined;
  }

  get text(): string {
    return this.#bytes.toString('latin1', 0, this.#length);
  }
}

/** The pid of this process as the /proc that is mounted here has it; undefined when it is of a namespace further in. */
export function ownNumber(): number | undefined {
  const self = new LinkReader();
  return self.read(AT.FDCWD, cString('/proc/self')) ? Number(self.text) : undefined;
}
