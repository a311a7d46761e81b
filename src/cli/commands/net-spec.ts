/** What the options of isol8 net, and of isol8 run --net, say about a network or a member of it. */
import { SpecError } from '../../foundation/errors.js';
import { Namespace } from '../../namespaces/namespace.js';
import type { AttachSpec, NetworkSpec, VxlanSpec } from '../../network/spec.js';
import type { Parsed } from '../getopt.js';
import { isPid } from './pid-word.js';
import { parseWhole } from './run-values.js';

/** Options that both commands have. */
export function attachSpecOf(options: Parsed): AttachSpec {
  const text = (option: string, field: keyof AttachSpec): AttachSpec => {
    const value = options.last(option);
    return value === undefined ? {} : { [field]: value };
  };
  const aliases = options.all('alias');
  const publish = options.all('publish');
  const dns = options.all('dns');
  const extraHosts = options.all('add-host').map(parseHost);
  return {
    ...text('ip', 'address'),
    ...text('ip6', 'address6'),
    ...text('mac', 'mac'),
    ...text('interface', 'interface'),
    ...text('name', 'name'),
    ...(aliases.length > 0 && { aliases }),
    ...(publish.length > 0 && { publish }),
    ...(dns.length > 0 && { dns }),
    ...(extraHosts.length > 0 && { extraHosts }),
  };
}

/** As docker-run(1): the first colon ends the name, so that the address may be an IPv6 one. */
function parseHost(text: string): { name: string; address: string } {
  const at = text.indexOf(':');
  if (at <= 0) throw new SpecError('--add-host', `'${text}' is not of the form NAME:ADDRESS`);
  return { name: text.slice(0, at), address: text.slice(at + 1).replace(/^\[|\]$/g, '') };
}

export function networkSpecOf(options: Parsed): Omit<NetworkSpec, 'name'> {
  const text = (name: 'gateway' | 'gateway6'): Partial<NetworkSpec> => {
    const value = options.last(name);
    return value === undefined ? {} : { [name]: value };
  };
  const subnet = (name: 'subnet' | 'subnet6'): Partial<NetworkSpec> => {
    const value = options.last(name);
    return value === undefined ? {} : { [name]: value === 'none' ? false : value };
  };
  const [dns, mtu, vxlan] = [options.all('dns'), options.last('mtu'), options.last('vxlan')];
  return {
    ...subnet('subnet'),
    ...subnet('subnet6'),
    ...text('gateway'),
    ...text('gateway6'),
    ...(options.has('internal') && { internal: true }),
    ...(options.has('isolated') && { isolated: true }),
    ...(options.has('no-masquerade') && { masquerade: false }),
    ...(mtu !== undefined && { mtu: parseWhole(mtu, '--mtu') }),
    ...(dns.length > 0 && { dns }),
    ...(vxlan !== undefined && { vxlan: parseVxlan(vxlan) }),
  };
}

const VXLAN_KEYS = ['id', 'remote', 'local', 'link', 'port'];

function parseVxlan(text: string): VxlanSpec {
  const pairs = text.split(',').map((part) => part.split('=') as [string, string?]);
  const wrong = pairs.find(([key, value]) => !VXLAN_KEYS.includes(key) || value === undefined);
  if (wrong) throw new SpecError('--vxlan', `'${wrong.join('=')}' is none of ${VXLAN_KEYS.join('=, ')}=`);
  const twice = pairs.find(([key], i) => pairs.findIndex(([other]) => other === key) < i);
  if (twice) throw new SpecError('--vxlan', `${twice[0]}= is given twice`);
  const { id, remote, port, ...others } = Object.fromEntries(pairs) as Record<string, string>;
  if (id === undefined || remote === undefined) throw new SpecError('--vxlan', 'needs id= and remote=');
  return {
    ...others,
    ...{ id: parseWhole(id, '--vxlan'), remote },
    ...(port !== undefined && { port: parseWhole(port, '--vxlan') }),
  };
}

/** A pid, a path, or a name that a net namespace is kept under. */
export function netTarget(text: string): Namespace {
  if (isPid(text)) return Namespace.open(Number(text), 'net');
  return text.includes('/') ? Namespace.open(text, 'net') : Namespace.kept(text, 'net');
}

const OPTION_OF: Readonly<Record<string, string>> = {
  address: '--ip',
  address6: '--ip6',
  aliases: '--alias',
  extraHosts: '--add-host',
  masquerade: '--no-masquerade',
};
const SAME = ['subnet', 'subnet6', 'gateway', 'gateway6', 'internal', 'isolated', 'mtu', 'dns', 'vxlan'];
const OF_MEMBERS = ['mac', 'interface', 'publish', 'name'];

/** The same error with the option in place of the spec's field. */
export const inNetOptions = (error: unknown): unknown => withOption(error, SAME);

/** That of a member's spec, whose name is an option too. */
export function throwInOptions(error: unknown): never {
  throw withOption(error, [...SAME, ...OF_MEMBERS]);
}

function withOption(error: unknown, same: readonly string[]): unknown {
  if (!(error instanceof SpecError)) return error;
  const top = error.field.split(/[.[]/)[0] as string;
  return new SpecError(OPTION_OF[top] ?? (same.includes(top) ? `--${top}` : error.field), error.problem);
}
