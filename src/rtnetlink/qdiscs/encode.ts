/** Requests that make and remove queueing disciplines. */
import { SpecError } from '../../foundation/errors.js';
import { AttributeWriter } from '../../netlink/attribute-writer.js';
import { NLM_F } from '../../netlink/constants.js';
import type { NetlinkRequest } from '../../netlink/message.js';
import { RTM } from '../constants.js';
import { checkIndex, checkNames, checkText } from '../fields.js';
import { handleNumber, INGRESS } from './handles.js';
import { writeNetem } from './netem.js';
import { PSCHED, type Psched } from './psched.js';
import type { QdiscSpec, QdiscTarget } from './spec.js';
import { writeTbf } from './tbf.js';

export const TCA = { KIND: 1, OPTIONS: 2 } as const;

const SPEC = ['link', 'kind', 'parent', 'handle', 'tbf', 'netem'];
const AT_INGRESS: readonly string[] = ['clsact', 'ingress'];
const INGRESS_HANDLE = 0xffff0000;

const MODULES: Readonly<Record<string, readonly [module: string, config: string]>> = {
  tbf: ['sch_tbf', 'CONFIG_NET_SCH_TBF'],
  netem: ['sch_netem', 'CONFIG_NET_SCH_NETEM'],
  clsact: ['sch_ingress', 'CONFIG_NET_SCH_INGRESS'],
  ingress: ['sch_ingress', 'CONFIG_NET_SCH_INGRESS'],
  htb: ['sch_htb', 'CONFIG_NET_SCH_HTB'],
  fq: ['sch_fq', 'CONFIG_NET_SCH_FQ'],
  fq_codel: ['sch_fq_codel', 'CONFIG_NET_SCH_FQ_CODEL'],
  cake: ['sch_cake', 'CONFIG_NET_SCH_CAKE'],
};

/** What the kernel says of a kind that it does not know. */
const UNKNOWN = 'Specified qdisc kind is unknown';

/**
 * Makes a queueing discipline: `tc qdisc add`.
 *
 * @param psched The clock of the kernel's scheduler, see {@link parsePsched}. Default that of every present one.
 * @throws SpecError
 */
export function addQdisc(spec: QdiscSpec, psched: Psched = PSCHED): NetlinkRequest {
  return makeQdisc(spec, psched, NLM_F.CREATE | NLM_F.EXCL, 'add');
}

/**
 * Makes a queueing discipline in the place of another: `tc qdisc replace`. One of the same kind and handle is changed
 * instead, and a netem then keeps what is not said: remove it first to begin anew.
 */
export function replaceQdisc(spec: QdiscSpec, psched: Psched = PSCHED): NetlinkRequest {
  return makeQdisc(spec, psched, NLM_F.CREATE | NLM_F.REPLACE, 'replace');
}

/** Removes a queueing discipline, which waits for all processors: `tc qdisc delete`. Throws SpecError. */
export function removeQdisc(target: QdiscTarget): NetlinkRequest {
  checkNames(target, SPEC, '');
  const { kind, link } = target;
  const writer = new AttributeWriter().raw(qdiscHeader(target, kind));
  if (kind !== undefined) writer.text(TCA.KIND, checkText(kind, 15, 'kind'));
  const remedies = { ENOENT: 'There is no such qdisc', EINVAL: 'There is no such qdisc' };
  const what = `remove qdisc of link ${link}`;
  return { type: RTM.DELQDISC, flags: 0, body: writer.bytes, what, slow: true, remedies };
}

function makeQdisc(spec: QdiscSpec, psched: Psched, flags: number, verb: string): NetlinkRequest {
  checkNames(spec, SPEC, '');
  const kind = kindOf(spec);
  const { tbf, netem, link } = spec;
  const writer = new AttributeWriter().raw(qdiscHeader(spec, kind)).text(TCA.KIND, kind);
  if (tbf !== undefined) writer.nest(TCA.OPTIONS, (options) => writeTbf(options, tbf, psched));
  else if (kind === 'netem') writer.nest(TCA.OPTIONS, (options) => writeNetem(options, netem ?? {}, psched));
  const what = `${verb} qdisc ${kind} of link ${link}`;
  return { type: RTM.NEWQDISC, flags, body: writer.bytes, what, remedies: missingQdisc(kind) };
}

/** Throws SpecError. */
function kindOf(spec: QdiscSpec): string {
  const named = (['tbf', 'netem'] as const).filter((one) => spec[one] !== undefined);
  const kind = spec.kind ?? named[0];
  if (kind === undefined) throw new SpecError('kind', 'is needed: tbf, netem, clsact, …');
  const other = named.find((one) => one !== kind);
  if (other !== undefined) throw new SpecError(other, `a qdisc of kind ${kind} has no options of this kind`);
  if (kind === 'tbf' && spec.tbf === undefined) throw new SpecError('tbf', 'is needed');
  return checkText(kind, 15, 'kind');
}

/** struct tcmsg. */
function qdiscHeader({ link, parent, handle }: QdiscTarget, kind: string | undefined): Buffer {
  const header = Buffer.alloc(20);
  const ingress = kind !== undefined && AT_INGRESS.includes(kind);
  header.writeInt32LE(checkIndex(link, 'link'), 4);
  const own = ingress ? INGRESS_HANDLE : 0;
  header.writeUInt32LE(handle === undefined ? own : handleNumber(handle, 'handle'), 8);
  header.writeUInt32LE(ingress ? INGRESS : handleNumber(parent ?? 'root', 'parent'), 12);
  return header;
}

function missingQdisc(kind: string): Readonly<Record<string, string>> {
  const known = Object.hasOwn(MODULES, kind) ? MODULES[kind] : undefined;
  const [module, config] = known ?? [`sch_${kind}`, `CONFIG_NET_SCH_${kind.toUpperCase()}`];
  return {
    [UNKNOWN]: `This kernel has no qdisc ${kind}: modprobe ${module}, or a kernel with ${config}`,
    EEXIST: 'There is a qdisc at this place already',
  };
}
