/** isol8 run --net: the program's namespaces are made first and connected to a network, which it then finds ready. */
import { Isol8Error, SpecError } from '../../foundation/errors.js';
import type { Namespace } from '../../namespaces/namespace.js';
import { dropProblems, findDrops } from '../../network/firewall.js';
import { Network } from '../../network/network.js';
import type { CreatedNamespaces, CreateSpec } from '../../sandbox/create-namespaces.js';
import { createNamespaces } from '../../sandbox/create-namespaces.js';
import type { MountSpec, NamespaceChoice, SandboxSpec } from '../../sandbox/spec.js';
import { STDERR, write } from '../output.js';
import { attachSpecOf, throwInOptions } from './net-spec.js';
import type { RunOptions, RunSpec } from './run-spec.js';
import { mayMakeLinks, startNamedUplink } from './run-uplink.js';

type MapField = 'mapUsers' | 'mapGroups' | 'setgroups';

/** The network that is made when it is first used. */
export const DEFAULT_NETWORK = 'bridge';

/** A spec whose namespaces are in a network, for as long as this is not disposed of. */
export interface NetworkedSpec extends AsyncDisposable {
  readonly spec: SandboxSpec;
}

/** @throws Isol8Error what {@link Network.open}, {@link Network.attach} and {@link startUplink} throw; nothing is left then. */
export async function inNetwork(name: string, spec: RunSpec, options: RunOptions): Promise<NetworkedSpec> {
  const { user = 'new' } = spec.namespaces;
  if (checkWay(name, spec) === 'bridge') {
    const network = await openOrMake(name);
    return await joined(spec, { user, leave: () => network.close() }, async (made) => {
      const attachment = await network.attach(made, attachSpecOf(options)).catch(throwInOptions);
      if (!network.internal) await tellDrops(name);
      return { mounts: await attachment.nameMounts(), [Symbol.asyncDispose]: () => attachment.detach() };
    });
  }
  return await joined(spec, { user }, (made) =>
    startNamedUplink(made, attachSpecOf(options)).catch(throwInOptions),
  );
}

/** Whether the program gets a port of a bridge, or a way out of its own. Throws for what neither can be. */
export function checkWay(name: string, spec: RunSpec): 'bridge' | 'uplink' {
  const { net, user = 'new' } = spec.namespaces;
  if (net !== undefined)
    throw new SpecError('--net', 'the net namespace is given by --share or --join already');
  if (mayMakeLinks()) return 'bridge';
  if (name !== DEFAULT_NETWORK)
    throw new Isol8Error(
      'EPERM',
      `--net ${name}: EPERM. To make links on the host takes CAP_NET_ADMIN. Without it there is --net ${DEFAULT_NETWORK}, with a way out for each program by itself.`,
    );
  if (user !== 'new')
    throw new SpecError(
      '--net',
      'takes a new user namespace, or CAP_NET_ADMIN on the host to make links there',
    );
  return 'uplink';
}

/** A program that waits for packets which a firewall drops shows no reason. */
async function tellDrops(name: string): Promise<void> {
  for (const problem of dropProblems(await findDrops()))
    write(STDERR, `isol8 run: network ${name}: ${problem}\n`);
}

/** What connects the namespaces that were made, until it is disposed of. */
interface Connection extends AsyncDisposable {
  readonly mounts: readonly MountSpec[];
}

/** The spec with namespaces that are made here, and connected by `connect`. */
async function joined(
  spec: RunSpec,
  { user, leave = () => {} }: { user: NamespaceChoice; leave?: () => void },
  connect: (net: Namespace) => Promise<Connection>,
): Promise<NetworkedSpec> {
  let created: CreatedNamespaces | undefined;
  try {
    const { mapUsers, mapGroups, setgroups, loopback: _, ...rest } = spec;
    const maps = definedOf({ mapUsers, mapGroups, setgroups });
    created = await createNamespaces(user === 'new' ? ['user', 'net'] : ['net'], user === 'new' ? maps : {});
    const connection = await connect(created.net as Namespace);
    const choices: Record<string, NamespaceChoice> = { net: { fd: (created.net as Namespace).fd } };
    if (created.user) choices.user = { fd: created.user.fd };
    return {
      spec: {
        ...rest,
        ...(user === 'new' ? {} : maps), // with a user namespace that is made here they are in force already
        mounts: [...connection.mounts, ...(spec.mounts ?? [])],
        namespaces: { ...(spec.namespaces as object), ...choices },
      },
      async [Symbol.asyncDispose]() {
        await connection[Symbol.asyncDispose]();
        created?.[Symbol.dispose]();
        leave();
      },
    };
  } catch (error) {
    created?.[Symbol.dispose]();
    leave();
    throw error;
  }
}

async function openOrMake(name: string): Promise<Network> {
  try {
    return await Network.open(name);
  } catch (error) {
    if (error instanceof SpecError) throw new SpecError('--net', error.problem);
    if (name !== DEFAULT_NETWORK || (error as Isol8Error).code !== 'ENOENT') throw error;
  }
  try {
    return await Network.create({ name, persistent: true });
  } catch (error) {
    if ((error as Isol8Error).code !== 'EEXIST') throw error;
    // another isol8 run was faster, or a link has the name of its bridge
    return await Network.open(name).catch((cause: Isol8Error) => {
      throw cause.code === 'ENOENT' ? error : cause;
    });
  }
}

type Maps = { readonly [field in MapField]?: SandboxSpec[field] | undefined };

function definedOf(maps: Maps): Pick<CreateSpec, MapField> {
  return Object.fromEntries(Object.entries(maps).filter(([, value]) => value !== undefined));
}
