/** isol8 run --net: the program's namespaces are made first and attached to a network, which it then finds ready. */
import { type Isol8Error, SpecError } from '../../foundation/errors.js';
import type { Attachment } from '../../network/attachment.js';
import { Network } from '../../network/network.js';
import type { CreatedNamespaces, CreateSpec } from '../../sandbox/create-namespaces.js';
import { createNamespaces } from '../../sandbox/create-namespaces.js';
import type { NamespaceChoice, SandboxSpec } from '../../sandbox/spec.js';
import { attachSpecOf } from './net-spec.js';
import type { RunOptions, specOf } from './run-spec.js';

type MapField = 'mapUsers' | 'mapGroups' | 'setgroups';
type RunSpec = ReturnType<typeof specOf>;

/** The network that is made when it is first used. */
const DEFAULT_NETWORK = 'bridge';

/** A spec whose namespaces are in a network, for as long as this is not disposed of. */
export interface NetworkedSpec extends AsyncDisposable {
  readonly spec: SandboxSpec;
}

/** @throws Isol8Error what {@link Network.open} and {@link Network.attach} throw; nothing is left then. */
export async function inNetwork(name: string, spec: RunSpec, options: RunOptions): Promise<NetworkedSpec> {
  const { net, user = 'new' } = spec.namespaces;
  if (net !== undefined)
    throw new SpecError('--net', 'the net namespace is given by --share or --join already');
  const network = await openOrMake(name);
  let created: CreatedNamespaces | undefined;
  try {
    const { mapUsers, mapGroups, setgroups, loopback: _, ...rest } = spec;
    const maps = definedOf({ mapUsers, mapGroups, setgroups });
    created = await createNamespaces(user === 'new' ? ['user', 'net'] : ['net'], user === 'new' ? maps : {});
    const attachment = await network.attach(
      created.net as NonNullable<typeof created.net>,
      attachSpecOf(options),
    );
    const choices: Record<string, NamespaceChoice> = { net: { fd: (created.net as { fd: number }).fd } };
    if (created.user) choices.user = { fd: created.user.fd };
    const joined: SandboxSpec = {
      ...rest,
      ...(user === 'new' ? {} : maps), // with a user namespace that is made here they are in force already
      mounts: [...(await attachment.nameMounts()), ...(spec.mounts ?? [])],
      namespaces: { ...(spec.namespaces as object), ...choices },
    };
    return { spec: joined, [Symbol.asyncDispose]: () => leave(network, attachment, created) };
  } catch (error) {
    created?.[Symbol.dispose]();
    network.close();
    throw error;
  }
}

async function openOrMake(name: string): Promise<Network> {
  try {
    return await Network.open(name);
  } catch (error) {
    if (name !== DEFAULT_NETWORK || (error as Isol8Error).code !== 'ENOENT') throw error;
  }
  try {
    return await Network.create({ name, persistent: true });
  } catch (error) {
    if ((error as Isol8Error).code !== 'EEXIST') throw error;
    return await Network.open(name); // another isol8 run was faster
  }
}

async function leave(
  network: Network,
  attachment: Attachment,
  created: CreatedNamespaces | undefined,
): Promise<void> {
  await attachment.detach();
  created?.[Symbol.dispose]();
  network.close();
}

type Maps = { readonly [field in MapField]?: SandboxSpec[field] | undefined };

function definedOf(maps: Maps): Pick<CreateSpec, MapField> {
  return Object.fromEntries(Object.entries(maps).filter(([, value]) => value !== undefined));
}
