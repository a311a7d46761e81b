import { cString, trySyscall } from '../../syscalls/binding.js';
import { ALL_KINDS, type NamespaceKind } from '../kinds.js';

const ROOM = 64;
const ZERO = 48;

/** A link of /proc/PID/ns: `uts:[4026531838]`. Reading it takes half as long as asking for its status. */
export interface NamespaceLink {
  readonly kind: NamespaceKind;
  /** As /proc/PID/ns calls it. */
  readonly name: string;
  /** Below /proc/PID, NUL-terminated. */
  readonly path: Uint8Array;
}

export function linkOf(name: string, kind: NamespaceKind): NamespaceLink {
  return { kind, name, path: cString(`ns/${name}`) };
}

/** `uts:[4026531838]` as proc(5) prints it, undefined when the text is something else. */
export function parseNamespaceLink(text: string): { kind: NamespaceKind; inode: number } | undefined {
  const [, name, digits] = /^(\w+):\[(\d+)\]$/.exec(text) ?? [];
  const kind = ALL_KINDS.find((each) => each === name);
  return kind && { kind, inode: Number(digits) };
}

/** Reads links into one buffer. */
export class LinkReader {
  readonly #bytes = Buffer.alloc(ROOM);

  /** The inode of a namespace's link below /proc/PID, or a negated errno. */
  inode(directory: number, link: NamespaceLink): number {
    const length = trySyscall('readlinkat', directory, link.path, this.#bytes, ROOM);
    return length < 0 ? length : this.#numberAt(link.kind.length + 2, length);
  }

  /** The beginning of any link, undefined when it cannot be read. */
  text(directory: number, path: Uint8Array): string | undefined {
    const length = trySyscall('readlinkat', directory, path, this.#bytes, ROOM);
    return length < 0 ? undefined : this.#bytes.toString('latin1', 0, length);
  }

  #numberAt(start: number, end: number): number {
    let number = 0;
    for (let at = start; at < end - 1; at++) number = number * 10 + (this.#bytes[at] as number) - ZERO;
    return number;
  }
}
