/** Whether networks of isol8 can be reached from outside of them, and reach what is there. */
import { dropPlace } from '../network/firewall.js';
import { BRIDGES } from '../network/rules.js';
import { allowForward, type ForwardDrop, findForwardDrops } from '../nftables/forward-drops.js';
import { type Finding, lack, note, ok } from './finding.js';

const ABOUT = 'forwarding';

/** Firewalls that drop what is forwarded: that networks accept it does not help. */
export async function networks(): Promise<Finding[]> {
  try {
    const drops = await findForwardDrops(BRIDGES);
    if (drops.length > 0) return drops.map(dropped);
    return [ok(ABOUT, 'No firewall drops what is forwarded from and to networks.')];
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EPERM' || code === 'EACCES') return [note(ABOUT, 'It takes root to look for firewalls.')];
    return [note(ABOUT, `Firewalls could not be looked for: ${(error as Error).message}`)];
  }
}

function dropped(drop: ForwardDrop): Finding {
  return lack(
    ABOUT,
    `Packets from and to networks are dropped by ${dropPlace(drop)}.`,
    allowForward(drop, BRIDGES).join(' && '),
  );
}
