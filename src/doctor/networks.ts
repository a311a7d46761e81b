/** Whether networks of isol8 can be reached from outside of them, and reach what is there. */
import { dropPlace } from '../network/firewall.js';
import { BRIDGES } from '../network/rules.js';
import { TUN, tunErrno, tunObstacle } from '../network/uplink/requirements.js';
import { allowForward, type ForwardDrop, findForwardDrops } from '../nftables/forward-drops.js';
import { statFile } from '../syscalls/files.js';
import { type Finding, lack, note, ok } from './finding.js';

const ABOUT = 'forwarding';

export const networks = async (): Promise<Finding[]> => [...(await firewalls()), tun()];

const OPEN_TO_ALL = 0o006;

/** Without root a network has a way out by a program that makes a tap device there. */
function tun(): Finding {
  const errno = tunErrno();
  if (errno !== undefined) {
    const { what, mend } = tunObstacle(errno);
    const detail = `${errno}, so that networks made without root have no way out. ${what}.`;
    return (process.geteuid?.() === 0 ? note : lack)(TUN, detail, mend);
  }
  const mode = statFile(TUN)?.mode ?? 0;
  if ((mode & OPEN_TO_ALL) === OPEN_TO_ALL) return ok(TUN, 'Who is not root may open it.');
  return note(TUN, 'This user may open it, but not every user.', tunObstacle('EACCES').mend);
}

/** Firewalls that drop what is forwarded: that networks accept it does not help. */
async function firewalls(): Promise<Finding[]> {
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
