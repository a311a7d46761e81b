/** Which headers a rule knows to be there, and what has to be matched before a field of another one is looked at. */
import type { DataTypeName } from './data-types.js';
import type { Expression, Match, RejectReason } from './expression.js';
import type { Family } from './family.js';
import { parseOperand } from './operand.js';
import type { Header, Selector } from './selectors.js';
import { selectorOf } from './selectors.js';

const L4 = { tcp: 6, udp: 17, sctp: 132, icmp: 1, icmpv6: 58 } as const;
const NETWORK = { ip: { proto: 2, type: 0x0800 }, ip6: { proto: 10, type: 0x86dd } } as const;

interface Known {
  network?: number;
  transport?: number;
  ether: boolean;
}

const NOTHING: readonly Match[] = [];

const both = (
  a: readonly Match[] | undefined,
  b: readonly Match[] | undefined,
): readonly Match[] | undefined => a && b && [...a, ...b];

/** EtherType of the network header, protocol number of the transport header. */
export class Headers {
  readonly #family: Family;
  #known: Known;

  constructor(family: Family) {
    this.#family = family;
    const network = family === 'ip' || family === 'ip6' ? { network: NETWORK[family].type } : {};
    this.#known = { ...network, ether: family === 'bridge' };
  }

  copy(): Headers {
    const copy = new Headers(this.#family);
    copy.#known = this.#known;
    return copy;
  }

  /** Whether a header is known to be there. */
  has(header: Header | undefined): boolean {
    return this.before(header)?.length === 0;
  }

  /** What has to be matched before a header may be looked at; undefined where another one is known to be there. */
  before(header: Header | undefined): readonly Match[] | undefined {
    switch (header) {
      case undefined:
        return NOTHING;
      case 'ether':
        return this.#known.ether ? NOTHING : [{ kind: 'match', selector: 'iiftype', value: 'ether' }];
      case 'ip':
      case 'ip6':
        return this.#beforeNetwork(header);
      case 'icmp':
        return both(this.#beforeNetwork('ip'), this.#beforeTransport(header));
      case 'icmpv6':
        return both(this.#beforeNetwork('ip6'), this.#beforeTransport(header));
      default:
        return this.#beforeTransport(header);
    }
  }

  #beforeNetwork(header: 'ip' | 'ip6'): readonly Match[] | undefined {
    const { network } = this.#known;
    if (network === NETWORK[header].type) return NOTHING;
    if (network !== undefined) return undefined;
    return this.#family === 'inet'
      ? [{ kind: 'match', selector: 'meta nfproto', value: header === 'ip' ? 'ipv4' : 'ipv6' }]
      : [{ kind: 'match', selector: 'meta protocol', value: header }];
  }

  #beforeTransport(header: keyof typeof L4): readonly Match[] | undefined {
    const { transport } = this.#known;
    if (transport === L4[header]) return NOTHING;
    if (transport !== undefined) return undefined;
    return [{ kind: 'match', selector: 'meta l4proto', value: header === 'icmpv6' ? 'ipv6-icmp' : header }];
  }

  /** Takes into account what a rule has matched so far. Tells whether that was news. */
  learn(expression: Expression): boolean {
    if (expression.kind !== 'match' || expression.op !== undefined) return false;
    const { selector, value } = expression;
    if (typeof value === 'string' && /^\d+-\d+$/.test(value)) return false; // a range does not say which one it is
    const number = (): number => numberOf(selector, value);
    const known = this.#known;
    switch (selector) {
      case 'iiftype':
        return this.#know({ ether: known.ether || number() === 1 });
      case 'meta nfproto': {
        const network = Object.values(NETWORK).find(({ proto }) => proto === number())?.type;
        return network !== undefined && this.#know({ network });
      }
      case 'meta protocol':
      case 'ether type':
        return this.#know({ network: number() });
      case 'meta l4proto':
      case 'ip protocol':
      case 'ip6 nexthdr':
        return this.#know({ transport: number() });
      default:
        return false;
    }
  }

  #know(news: Partial<Known>): boolean {
    const before = this.#known;
    this.#known = { ...before, ...news };
    return (Object.keys(news) as (keyof Known)[]).some((key) => before[key] !== this.#known[key]);
  }
}

/** What the family, or a match before, says about the packets. */
export function defaultReason(headers: Headers): RejectReason {
  if (headers.has('ip')) return 'icmp port-unreachable';
  return headers.has('ip6') ? 'icmpv6 port-unreachable' : 'icmpx port-unreachable';
}

function numberOf(selector: Selector, value: string | number): number {
  const type: DataTypeName = selectorOf(selector).type;
  const bytes = parseOperand(type, value, selector).from;
  return type === 'iface_type' ? bytes.readUInt16LE() : bytes.readUIntBE(0, bytes.length);
}
