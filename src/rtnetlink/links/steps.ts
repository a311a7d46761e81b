/** Links with settings that the kernel takes only once the link is there, and before it is up. */
import { SpecError } from '../../foundation/errors.js';
import type { NetlinkRequest } from '../../netlink/message.js';
import { addLink, changeLink } from './encode.js';
import type { LinkChanges, LinkSettings, LinkSpec, LinkTarget, NetnsChoice } from './spec.js';

const SETTINGS = ['alias', 'addrGenMode', 'inet'] as const;

/** A link with all that it is to have. */
export type FullLinkSpec = LinkSpec & LinkSettings;

/**
 * Requests that together make a link as it is wanted: the link itself, then its settings, then what it is as a port, and
 * then it is up. The kernel goes on after a failure: in one datagram the later ones would change a link that has this name
 * already, unless the spec has an index. When a later one fails the link is there all the same.
 *
 * @throws SpecError
 */
export function linkSteps(spec: FullLinkSpec): NetlinkRequest[] {
  const { alias, addrGenMode, inet, bridgePort, ...rest } = spec;
  const target = spec.index ?? spec.name;
  const settings = changeSteps(target, { alias, addrGenMode, inet, bridgePort });
  const { born, peerUp } = withoutPeerUp(rest);
  if (settings.length === 0) return [addLink(born), ...peerUp];
  if (spec.netns !== undefined)
    throw new SpecError(
      'netns',
      'a link that is made elsewhere gets its settings there: change it from a socket of that namespace',
    );
  const up = spec.up === true ? [changeLink(target, { up: true })] : [];
  return [addLink({ ...born, up: spec.up === true ? undefined : spec.up }), ...settings, ...up, ...peerUp];
}

/** The other end of a veth is set up by itself, which can be done from here where it is in this namespace. */
function withoutPeerUp(spec: LinkSpec): { born: LinkSpec; peerUp: NetlinkRequest[] } {
  const { peer } = spec.veth ?? {};
  if (peer?.up !== true || peer.netns !== undefined || peer.name === undefined)
    return { born: spec, peerUp: [] };
  const born = { ...spec, veth: { peer: { ...peer, up: undefined } } };
  return { born, peerUp: [changeLink(peer.name, { up: true })] };
}

/**
 * The spec without what only a socket of another namespace can do: to set the other end of a veth up there, once both are made.
 *
 * @throws SpecError for an end that has neither a name nor an index, by which it could be found there.
 */
export function withoutFarUp(spec: FullLinkSpec): {
  near: FullLinkSpec;
  far?: { netns: NetnsChoice; target: LinkTarget };
} {
  const { peer } = spec.veth ?? {};
  const netns = peer?.netns;
  if (peer?.up !== true || netns === undefined) return { near: spec };
  const target = peer.index ?? peer.name;
  if (target === undefined)
    throw new SpecError('veth.peer.name', 'is needed to set this end up in the other namespace');
  return { near: { ...spec, veth: { peer: { ...peer, up: undefined } } }, far: { netns, target } };
}

/**
 * Requests that change a link: settings before all else, as the kernel sets a link up before it looks at the settings in the
 * same message. Throws SpecError.
 */
export function changeSteps(target: LinkTarget, changes: LinkChanges): NetlinkRequest[] {
  const { alias, addrGenMode, inet, bridgePort, ...rest } = changes;
  const settings = { alias, addrGenMode, inet };
  const steps: NetlinkRequest[] = [];
  if (SETTINGS.some((name) => settings[name] !== undefined)) steps.push(changeLink(target, settings));
  if (bridgePort !== undefined && rest.master === undefined) steps.push(changeLink(target, { bridgePort }));
  if (Object.values(rest).some((value) => value !== undefined)) steps.push(changeLink(target, rest));
  if (bridgePort !== undefined && rest.master !== undefined) steps.push(changeLink(target, { bridgePort }));
  return steps;
}
