import { SpecError } from '../../foundation/errors.js';
import type { RunOptions } from './run-spec.js';

/** What only a network gives a meaning. */
const NEED_NETWORK = ['ip', 'ip6', 'mac', 'name', 'alias', 'publish', 'dns', 'add-host'] as const;

/** The network that is asked for; undefined for `host`, `none`, or without the option. */
export function networkName(options: RunOptions): string | undefined {
  const name = options.last('net');
  if (name !== undefined && name !== 'host' && name !== 'none') return name;
  const needing = NEED_NETWORK.find((option) => options.has(option));
  if (needing !== undefined)
    throw new SpecError(`--${needing}`, 'needs --net with the name of a network, as bridge');
  return undefined;
}
