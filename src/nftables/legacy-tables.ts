/**
 * What the old ip_tables, which nf_tables does not know of, do with packets that are forwarded: linux/netfilter_ipv4/ip_tables.h
 * and linux/netfilter_ipv6/ip6_tables.h. Only looked at where the table is there already: asking for one would make it.
 */

import { openSocket, type SocketPlace } from '../namespaces/open-socket.js';
import { withNamespace } from '../namespaces/thread.js';
import { NetlinkDecodeError } from '../netlink/errors.js';
import { closeDescriptor, SystemCallError, syscall, trySyscall } from '../syscalls/binding.js';
import { SOCK } from '../syscalls/constants.js';
import { errnoName } from '../syscalls/errno.js';
import { readTextFileIfAny } from '../syscalls/files.js';

/** A rule as far as it matters: the pattern of the interface that packets come from, and whether it lets all of those pass. */
export interface LegacyRule {
  readonly iifname: string;
  readonly accepts: boolean;
}

export interface LegacyForward {
  readonly policy: 'accept' | 'drop';
  /** Of the chain FORWARD and of those that people have made. */
  readonly rules: readonly LegacyRule[];
  /** Those that people have made. */
  readonly chains: readonly string[];
}

/** NF_INET_* of linux/netfilter.h. */
const HOOK = { FORWARD: 2, OUTPUT: 3 } as const;
const INFO_SIZE = 84;
/** Behind the name of a table and a size, aligned. */
const ENTRIES_AT = 40;
const NAME_SIZE = 32;
/** Standard verdicts are negated, less one. */
const ACCEPT = -2;
const DROP = -1;
const TARGET_HEADER = 32;

/** Sizes of struct ipt_entry and ip6t_entry, and where in them things are. */
const LAYOUTS = {
  ip: { domain: 2, level: 0, names: 'ip_tables_names', iniface: 16, target: 88, size: 112 },
  ip6: { domain: 10, level: 41, names: 'ip6_tables_names', iniface: 64, target: 140, size: 168 },
} as const;
const IPT_SO = { GET_INFO: 64, GET_ENTRIES: 65 } as const;
const IPPROTO_RAW = 255;

/**
 * The table filter of a network namespace; undefined where there is none.
 *
 * @throws SystemCallError EPERM without CAP_NET_ADMIN there.
 */
export async function legacyForward(
  family: 'ip' | 'ip6',
  namespace?: SocketPlace,
): Promise<LegacyForward | undefined> {
  const { names, domain } = LAYOUTS[family];
  const read = (): string => readTextFileIfAny(`/proc/thread-self/net/${names}`) ?? '';
  const tables = namespace === undefined ? read() : withNamespace(namespace, read);
  if (!tables.split('\n').includes('filter')) return undefined;
  const kind = { family: domain, type: SOCK.RAW | SOCK.CLOEXEC, protocol: IPPROTO_RAW };
  const fd =
    namespace === undefined
      ? syscall('socket', [kind.family, kind.type, kind.protocol], 'raw')
      : await openSocket(namespace, kind);
  try {
    return readFilter(fd, family);
  } finally {
    closeDescriptor(fd);
  }
}

/** A table that others change between the two questions has another size: then it is asked anew. */
function readFilter(fd: number, family: 'ip' | 'ip6'): LegacyForward | undefined {
  for (let attempt = 0; attempt < 10; attempt++) {
    const info = Buffer.alloc(INFO_SIZE);
    info.write('filter');
    ask(fd, family, IPT_SO.GET_INFO, info);
    const places = {
      forward: info.readUInt32LE(36 + 4 * HOOK.FORWARD),
      policy: info.readUInt32LE(56 + 4 * HOOK.FORWARD),
      output: info.readUInt32LE(56 + 4 * HOOK.OUTPUT),
    };
    const size = info.readUInt32LE(80);
    const entries = Buffer.alloc(ENTRIES_AT + size);
    entries.write('filter');
    entries.writeUInt32LE(size, NAME_SIZE);
    if (ask(fd, family, IPT_SO.GET_ENTRIES, entries) === 'EAGAIN') continue;
    return decodeFilter(entries.subarray(ENTRIES_AT), places, family);
  }
  return undefined;
}

function ask(fd: number, family: 'ip' | 'ip6', option: number, answer: Buffer): string | undefined {
  const size = new Uint32Array([answer.length]);
  const result = trySyscall('getsockopt', fd, LAYOUTS[family].level, option, answer, size);
  if (result >= 0) return undefined;
  const errno = errnoName(-result);
  if (errno === 'EAGAIN') return errno;
  throw new SystemCallError('getsockopt', errno, `the table filter of ${family}_tables`);
}

/** Where FORWARD begins, where its policy is, and that of OUTPUT, behind which are the chains that people have made. */
interface Places {
  readonly forward: number;
  readonly policy: number;
  readonly output: number;
}

/** Throws NetlinkDecodeError. */
export function decodeFilter(entries: Buffer, places: Places, family: 'ip' | 'ip6'): LegacyForward {
  const layout = LAYOUTS[family];
  const rules: LegacyRule[] = [];
  const chains: string[] = [];
  let policy: LegacyForward['policy'] | undefined;
  for (let at = 0; at < entries.length; ) {
    if (at + layout.size > entries.length)
      throw new NetlinkDecodeError(`a rule of ip_tables that is cut off`);
    const target = entries.readUInt16LE(at + layout.target);
    const next = entries.readUInt16LE(at + layout.target + 2);
    const verdictAt = at + target + TARGET_HEADER;
    const inside = target >= layout.size && next >= target + TARGET_HEADER + 4 && at + next <= entries.length;
    if (!inside) throw new NetlinkDecodeError(`a rule of ip_tables of ${next} bytes`);
    const name = textAt(entries, at + target + 2);
    const verdict = name === '' ? entries.readInt32LE(verdictAt) : 0; // the standard target has no name
    if (name === 'ERROR' && at + next < entries.length)
      chains.push(textAt(entries.subarray(0, at + next), verdictAt)); // where a chain begins
    if (at === places.policy) policy = verdict === DROP ? 'drop' : 'accept';
    const plain = target === layout.size; // no matches of modules
    if ((at >= places.forward && at < places.policy) || at > places.output)
      rules.push({ iifname: patternAt(entries, at + layout.iniface), accepts: plain && verdict === ACCEPT });
    at += next;
  }
  if (policy === undefined) throw new NetlinkDecodeError('a table of ip_tables without a policy');
  return { policy, rules, chains };
}

const textAt = (bytes: Buffer, at: number, size = 29): string =>
  bytes.toString('latin1', at, at + size).replace(/\0.*$/s, '');

/** A name, and behind it and the outgoing one its mask: with its NUL of a whole name, shorter of how names begin. */
function patternAt(entries: Buffer, at: number): string {
  const name = textAt(entries, at, 16);
  const masked = entries.subarray(at + 32, at + 48).indexOf(0);
  if (name === '') return '';
  return masked >= 0 && masked <= name.length ? `${name.slice(0, masked)}*` : name;
}
