import { AttributeWriter } from '../netlink/attribute-writer.js';
import { NLM_F } from '../netlink/constants.js';
import type { NetlinkRequest } from '../netlink/message.js';
import { nfgenmsg } from '../netlink/nfnetlink.js';
import type { Change } from './change.js';
import { NFNL_BATCH_GENID, NFNL_MSG_BATCH, NFNL_SUBSYS_NFTABLES } from './constants.js';
import { type Family, NFPROTO, type TableName } from './family.js';
import { remediesOf } from './remedies.js';

const HEADERS = Object.fromEntries(
  Object.entries(NFPROTO).map(([family, number]) => [family, nfgenmsg(number)]),
) as Record<Family, Uint8Array>;

/** The messages of one transaction, all in one buffer. */
export class Batch {
  readonly #writer = new AttributeWriter();
  readonly #messages: { change: Change; type: number; flags: number; start: number; end: number }[] = [];
  #start = 0;
  #sets = 0;

  /** A number for a set, by which others of the transaction find it. */
  nextSet(): number {
    return ++this.#sets;
  }

  /** Begins a message: its attributes are to be written to what this gives. */
  begin({ family }: TableName): AttributeWriter {
    this.#start = this.#writer.length;
    return this.#writer.raw(HEADERS[family]);
  }

  /** Ends the message that was begun last. */
  end(change: Change, type: number, flags: number): void {
    this.#messages.push({ change, type, flags, start: this.#start, end: this.#writer.length });
  }

  /**
   * The messages between the begin of a batch and its end. With a generation the kernel refuses it once the ruleset is not of
   * that one any more. It answers the last message that changes something.
   */
  requests(generation?: number): NetlinkRequest[] {
    const first = new AttributeWriter().raw(nfgenmsg(0, NFNL_SUBSYS_NFTABLES));
    if (generation !== undefined) first.be32(NFNL_BATCH_GENID, generation);
    const whole = { flags: 0, what: 'change the ruleset', remedies: remediesOf() };
    const requests: NetlinkRequest[] = [{ ...whole, type: NFNL_MSG_BATCH.BEGIN, body: first.bytes }];
    const { bytes } = this.#writer;
    for (const [i, { change, type, flags, start, end }] of this.#messages.entries()) {
      const acknowledged = i === this.#messages.length - 1 ? flags | NLM_F.ACK : flags;
      requests.push(new ChangeRequest(change, type, acknowledged, bytes.subarray(start, end)));
    }
    requests.push({ ...whole, type: NFNL_MSG_BATCH.END, body: nfgenmsg(0, NFNL_SUBSYS_NFTABLES) });
    return requests;
  }
}

/** Says in words what it is only when it has failed. */
class ChangeRequest implements NetlinkRequest {
  readonly type: number;
  readonly flags: number;
  readonly body: Uint8Array;
  readonly #change: Change;

  constructor(change: Change, type: number, flags: number, body: Uint8Array) {
    this.#change = change;
    this.type = type;
    this.flags = flags;
    this.body = body;
  }

  get what(): string {
    return changeName(this.#change);
  }

  get remedies(): NonNullable<NetlinkRequest['remedies']> {
    return remediesOf(this.#change);
  }
}

/** For errors: `add rule ip isol8 postrouting`. */
function changeName(change: Change): string {
  const object = namesOf(change);
  return `${change.change} ${object.family} ${object.names.join(' ')}`;
}

function namesOf(change: Change): { family: string; names: (string | number)[] } {
  if ('table' in change) return { family: change.table.family, names: [change.table.name] };
  if ('chain' in change)
    return { family: change.chain.table.family, names: [change.chain.table.name, change.chain.name] };
  if ('set' in change)
    return { family: change.set.table.family, names: [change.set.table.name, change.set.name] };
  const { table, chain } = change.rule;
  const handle = 'handle' in change.rule ? ['handle', change.rule.handle] : [];
  return { family: table.family, names: [table.name, chain, ...handle] };
}
