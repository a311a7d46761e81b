import type { SocketPlace } from '../namespaces/open-socket.js';
import { NETLINK } from '../netlink/constants.js';
import { type MonitorEvent, monitor } from '../netlink/monitor.js';
import { openNfnetlink } from '../netlink/nfnetlink.js';
import { NFNLGRP_NFTABLES, NFT_MSG, NFTA_GEN } from './constants.js';

/** That somebody has changed the ruleset, in one transaction, or that some of these were missed. */
export type RulesetEvent =
  | { readonly lost: true }
  | {
      readonly lost: false;
      /** The ruleset's number from now on. */
      readonly generation: number;
      /** Who has: as seen from the first pid namespace. */
      readonly process: { readonly pid: number; readonly name: string };
    };

/**
 * Tells of every change of the ruleset of a network namespace from now on: of those after the promise is settled. Ends when the
 * iteration is left, or `signal` is aborted.
 *
 * @throws Isol8Error EPERM for a namespace that the caller may not enter.
 */
export async function monitorRuleset(
  options: { readonly namespace?: SocketPlace; readonly signal?: AbortSignal } = {},
): Promise<AsyncIterableIterator<RulesetEvent>> {
  const { namespace, signal } = options;
  const groups = [NFNLGRP_NFTABLES];
  const events = await monitor({ protocol: NETLINK.NETFILTER, groups, namespace, signal });
  const iterator: AsyncIterableIterator<RulesetEvent> = {
    next: () => nextChange(events),
    return: async () => {
      await events.return?.(undefined);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

/** One message at the end of each transaction says who it was. */
async function nextChange(events: AsyncIterator<MonitorEvent>): Promise<IteratorResult<RulesetEvent>> {
  for (;;) {
    const { done, value: event } = await events.next();
    if (done) return { done: true, value: undefined };
    if (event.lost) return { done: false, value: { lost: true } };
    if (event.message.type !== NFT_MSG.NEWGEN) continue;
    const { attributes } = openNfnetlink(event.message);
    const pid = attributes.be32(NFTA_GEN.PROC_PID) ?? 0;
    const process = { pid, name: attributes.text(NFTA_GEN.PROC_NAME) ?? '' };
    return { done: false, value: { lost: false, generation: attributes.be32(NFTA_GEN.ID) ?? 0, process } };
  }
}
