import { SpecError } from '../../foundation/errors.js';
import { namespacesOf, type RunOptions } from './run-spec.js';

/** What only a network gives a meaning. */
const NEED_NETWORK = ['ip', 'ip6', 'mac', 'name', 'alias', 'publish', 'dns', 'add-host'] as const;

/** What --net knows beside networks. */
export const NO_NETWORKS: readonly string[] = ['host', 'none'];

/** The network that is asked for; undefined for `host`, `none`, or without the option. Throws SpecError for options that exclude it. */
export function networkName(options: RunOptions): string | undefined {
  const name = options.last('net');
  const isNetwork = name !== undefined && !NO_NETWORKS.includes(name);
  if (isNetwork && options.has('no-loopback'))
    throw new SpecError('--no-loopback', 'is not for a network, whose members have loopback up');
  if (name === 'none' && namespacesOf(options).net !== undefined)
    throw new SpecError('--net', 'none is a new net namespace, but --share or --join gives another');
  if (isNetwork) return name;
  const needing = NEED_NETWORK.find((option) => options.has(option));
  if (needing !== undefined)
    throw new SpecError(`--${needing}`, 'needs --net with the name of a network, as bridge');
  return undefined;
}
