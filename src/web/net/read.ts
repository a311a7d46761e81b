/** Reads the networks of this machine from the kernel: what is there, whoever has made it. */
import { listKept } from '../../kept/list.js';
import type { ListedNamespace, ListedProcess } from '../../namespaces/list/namespace.js';
import { ownNumber } from '../../namespaces/list/namespace-link.js';
import { ProcessReader } from '../../namespaces/list/processes.js';
import { list } from '../../namespaces/list.js';
import { statFile } from '../../syscalls/files.js';
import { unseen } from '../graph/unseen.js';
import { findEnds } from './find-ends.js';
import type { NetworkEvents } from './network-events.js';
import { OpenPlace } from './open-place.js';
import type { NetReading, PlaceReading } from './reading.js';

/** As many processes are named in a place. */
const MOST_PROCESSES = 3;
const KTHREADD = 2;

export interface ReadOptions {
  /** Only the namespaces that these processes are in. */
  readonly pids?: readonly number[] | undefined;
  /** Is told of changes in what is read, from before it is read. */
  readonly events?: NetworkEvents | undefined;
}

export async function readNetworks({ pids, events }: ReadOptions = {}): Promise<NetReading> {
  const { namespaces, unreadable } = list();
  const gone = pids?.find((pid) => !namespaces.some(({ processes }) => processes.includes(pid)));
  if (gone !== undefined) throw unseen(gone);
  const wanted = namespaces.filter(
    ({ kind, inode, processes }) =>
      kind === 'net' && inode !== events?.place && (!pids || pids.some((pid) => processes.includes(pid))),
  );
  const own = inodeOf('/proc/thread-self/ns/net');
  const seen = new Processes();
  const host = namespaces.find(({ kind, processes }) => kind === 'net' && seen.isOfHost(processes[0]));
  return {
    places: describe(await readPlaces(wanted, { own, events }), seen),
    own,
    host: host?.inode,
    unreadable,
  };
}

const inodeOf = (path: string): number | undefined => {
  const status = statFile(path);
  return status === undefined ? undefined : Number(status.inode);
};

async function readPlaces(
  namespaces: readonly ListedNamespace[],
  { own, events }: { own: number | undefined; events: NetworkEvents | undefined },
): Promise<OpenPlace[]> {
  const places: OpenPlace[] = [];
  try {
    for (const namespace of namespaces)
      places.push(await OpenPlace.of(namespace, { isOwn: namespace.inode === own, events }));
    await findEnds(places);
  } finally {
    for (const place of places) place[Symbol.dispose]();
  }
  return places;
}

function describe(places: readonly OpenPlace[], seen: Processes): PlaceReading[] {
  const kept = listKept().filter(({ kind }) => kind === 'net');
  return places.map(({ namespace, hidden, network }) => ({
    namespace,
    names: kept.filter(({ inode }) => inode === namespace.inode).map(({ name }) => name),
    ...seen.processesOf(namespace),
    ...(hidden === undefined ? {} : { hidden }),
    ...(network === undefined ? {} : { network }),
  }));
}

class Processes {
  readonly #reader = new ProcessReader();
  /** The parent of the kernel's own threads; undefined where they cannot be seen. */
  readonly #kernel: number | undefined;
  readonly #own = ownNumber();

  constructor() {
    const { command, ppid } = this.#reader.read(KTHREADD) ?? {};
    this.#kernel = command === 'kthreadd' && ppid === 0 ? KTHREADD : undefined;
  }

  /** Process 1 is there, which not everyone may look at, or what the kernel has started. */
  isOfHost(first: number | undefined): boolean {
    return first === 1 || (first !== undefined && first === this.#kernel);
  }

  processesOf(namespace: ListedNamespace): Pick<PlaceReading, 'processes' | 'moreProcesses'> {
    const others = namespace.processes.filter((pid) => pid !== this.#own);
    const processes = this.#first(others);
    return { processes, moreProcesses: others.length - processes.length };
  }

  #first(pids: readonly number[]): ListedProcess[] {
    const found: ListedProcess[] = [];
    for (const pid of pids) {
      if (found.length === MOST_PROCESSES) break;
      const process = this.#reader.read(pid);
      const isKernels = this.#kernel !== undefined && [pid, process?.ppid].includes(this.#kernel);
      if (process !== undefined && !isKernels) found.push(process);
    }
    return found;
  }
}
