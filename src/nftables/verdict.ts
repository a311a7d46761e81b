import { SpecError } from '../foundation/errors.js';
import type { AttributeWriter } from '../netlink/attribute-writer.js';
import { NLA_F_NESTED } from '../netlink/attribute-writer.js';
import type { Attributes } from '../netlink/attributes.js';
import { NetlinkDecodeError } from '../netlink/errors.js';
import { NFTA_DATA, NFTA_VERDICT } from './constants.js';
import { checkName } from './names.js';

/** What becomes of a packet, or where the rules go on. */
export type Verdict =
  | 'accept'
  | 'drop'
  | 'continue'
  | 'return'
  | { readonly jump: string }
  | { readonly goto: string };

const CODES = { accept: 1, drop: 0, continue: -1, return: -5 } as const;
const JUMP = -3;
const GOTO = -4;

/** @throws SpecError */
export function checkVerdict(verdict: Verdict, field: string): Verdict {
  if (typeof verdict === 'string' && Object.hasOwn(CODES, verdict)) return verdict;
  const { jump, goto } = verdict as { jump?: string; goto?: string };
  const chain = jump ?? goto;
  if (chain === undefined)
    throw new SpecError(
      field,
      `must be ${Object.keys(CODES).join(', ')}, or { jump } or { goto } with a chain`,
    );
  checkName(chain, field);
  return verdict;
}

/** NFTA_DATA_VERDICT inside of the attribute that holds a datum. */
export function writeVerdict(writer: AttributeWriter, verdict: Verdict): void {
  writer.nest(NFTA_DATA.VERDICT | NLA_F_NESTED, (inner) => {
    if (typeof verdict === 'string') inner.be32(NFTA_VERDICT.CODE, CODES[verdict] >>> 0);
    else if ('jump' in verdict)
      inner.be32(NFTA_VERDICT.CODE, JUMP >>> 0).text(NFTA_VERDICT.CHAIN, verdict.jump);
    else inner.be32(NFTA_VERDICT.CODE, GOTO >>> 0).text(NFTA_VERDICT.CHAIN, verdict.goto);
  });
}

/** undefined where the datum is none. Throws NetlinkDecodeError. */
export function readVerdict(data: Attributes): Verdict | undefined {
  const verdict = data.nest(NFTA_DATA.VERDICT);
  if (verdict === undefined) return undefined;
  const code = (verdict.be32(NFTA_VERDICT.CODE) ?? 0) | 0;
  const chain = verdict.text(NFTA_VERDICT.CHAIN) ?? '';
  if (code === JUMP) return { jump: chain };
  if (code === GOTO) return { goto: chain };
  for (const [word, known] of Object.entries(CODES)) if (known === code) return word as keyof typeof CODES;
  throw new NetlinkDecodeError(`verdict ${code}`);
}

/** As nft(8) writes it. */
export function verdictText(verdict: Verdict): string {
  if (typeof verdict === 'string') return verdict;
  return 'jump' in verdict ? `jump ${verdict.jump}` : `goto ${verdict.goto}`;
}
