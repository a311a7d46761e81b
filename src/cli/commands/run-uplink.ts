/**
 * isol8 run --net bridge for whoever may not make links on the host: the program has a network of its own, and slirp4netns or
 * pasta carries its connections out.
 */
import { writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { SpecError, UnsupportedError } from '../../foundation/errors.js';
import { makeOwnedFolder, removeOwnedFolder } from '../../kept/owned-folders.js';
import { parseStatus } from '../../namespaces/inspect/parse-proc.js';
import { Namespace } from '../../namespaces/namespace.js';
import { HOST_NAME } from '../../network/fixed-names.js';
import { hostsText } from '../../network/names.js';
import { parsePublished } from '../../network/published-ports.js';
import { resolverText } from '../../network/resolver-file.js';
import { type AttachSpec, checkAttachSpec } from '../../network/spec.js';
import { startUplink, type Uplink } from '../../network/uplink/uplink.js';
import type { BindMount } from '../../sandbox/spec.js';
import { readTextFile } from '../../syscalls/files.js';
import { STDERR, write } from '../output.js';

/** Whether this process may make links where it is. capabilities(7), network_namespaces(7). */
export function mayMakeLinks(): boolean {
  const { capabilities } = parseStatus(readTextFile('/proc/self/status'));
  if (!capabilities.effective.includes('CAP_NET_ADMIN')) return false;
  using net = Namespace.open('/proc/self/ns/net');
  using owner = net.owner();
  using present = Namespace.open('/proc/self/ns/user');
  return owner?.sameAs(present) === true;
}

/** What only a bridge can give. */
const NEED_BRIDGE = { address: '--ip', address6: '--ip6', mac: '--mac' } as const;

/** The way out of a network of the program's own, and what it is to have mounted for its names. */
export interface UplinkedNames extends AsyncDisposable {
  readonly mounts: readonly BindMount[];
}

/**
 * Where no program is installed that carries packets, the network is loopback only, and a message says so.
 *
 * @throws SpecError for an option that takes a bridge.
 * @throws Isol8Error what {@link startUplink} throws.
 */
export async function startNamedUplink(net: Namespace, given: AttachSpec): Promise<UplinkedNames> {
  const spec = checkAttachSpec(given);
  for (const [field, option] of Object.entries(NEED_BRIDGE))
    if (field in spec)
      throw new SpecError(option, 'takes a bridge, which only who has CAP_NET_ADMIN on the host can make');
  const publish = (spec.publish ?? []).flatMap((port, i) =>
    typeof port === 'string' ? parsePublished(port, `publish[${i}]`) : [port],
  );
  let uplink: Uplink | undefined;
  try {
    uplink = await startUplink(net, { interface: spec.interface ?? 'eth0', publish });
  } catch (error) {
    if (!(error instanceof UnsupportedError) || publish.length > 0) throw error;
    write(STDERR, `isol8 run: the program has loopback only: ${error.message}\n`);
  }
  try {
    return withNames(uplink, spec);
  } catch (error) {
    await uplink?.[Symbol.asyncDispose]();
    throw error;
  }
}

function withNames(uplink: Uplink | undefined, spec: AttachSpec): UplinkedNames {
  const folder = makeOwnedFolder();
  const file = (name: string, text: string): BindMount => {
    const source = join(folder, name);
    writeFileSync(source, text, { mode: 0o644 });
    return { type: 'bind', source, destination: `/etc/${name}`, readOnly: true };
  };
  const dns = spec.dns ?? (uplink ? [uplink.addresses.dns] : []);
  return {
    mounts: [file('hosts', hosts(uplink, spec)), file('resolv.conf', resolverText({ dns }))],
    async [Symbol.asyncDispose]() {
      removeOwnedFolder(folder);
      await uplink?.[Symbol.asyncDispose]();
    },
  };
}

/** The gateway leads nowhere: the host is found by an address that it has outside. */
function hosts(uplink: Uplink | undefined, { name, aliases = [], extraHosts = [] }: AttachSpec): string {
  const names = [name, ...aliases].filter((one) => one !== undefined);
  const address = uplink?.addresses.address ?? '127.0.0.1';
  const others = uplink ? [...hostAddresses(), ...extraHosts] : extraHosts;
  return (
    hostsText({}, [{ address, names }]) + others.map((other) => `${other.address}\t${other.name}\n`).join('')
  );
}

function hostAddresses(): { address: string; name: string }[] {
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  return found ? [{ address: found.address, name: HOST_NAME }] : [];
}
