import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SocketPlace } from '../open-socket.js';
import { type ConnectOptions, startConnecting } from './connect.js';
import type { LookupOptions } from './lookup.js';
import { refuseBun } from './runtime.js';

/** Those of node:http, and who looks names up. */
export type NamespaceAgentOptions = AgentOptions & LookupOptions;
/** Those of node:https, and who looks names up. */
export type NamespaceHttpsAgentOptions = HttpsAgentOptions & LookupOptions;

type Created = (error: Error | null, socket?: Duplex) => void;
/** What node:http's documentation says of an agent, and @types/node 20 does not. */
type CreateConnection = (options: RequestPlace, created: Created) => Duplex | undefined;
interface WithConnections extends Omit<HttpAgent, 'createConnection'> {
  createConnection: CreateConnection;
  totalSocketCount: number;
  getName(to: RequestPlace): string;
  /** Also begins with the next request that waits. */
  removeSocket(socket: Socket, to: RequestPlace): void;
}

/** What an agent says about where to. */
interface RequestPlace extends ConnectOptions {
  socketPath?: string;
  timeout?: number;
  socket?: Socket;
}

/** An agent of node:http whose connections begin in a namespace. */
export function httpAgent(place: SocketPlace, options: NamespaceAgentOptions): HttpAgent {
  refuseBun('make requests');
  const agent = new HttpAgent(options);
  connectBy(agent, (to) => connectFor(place, to));
  return agent;
}

/** The same for TLS, with node:https's own way of securing a connection. */
export function httpsAgent(place: SocketPlace, options: NamespaceHttpsAgentOptions): HttpsAgent {
  refuseBun('make requests');
  const agent = new HttpsAgent(options);
  const secure = (agent as unknown as WithConnections).createConnection.bind(agent);
  connectBy(agent, async (to) => secure({ ...to, socket: await connectFor(place, to) }, () => {}) as Duplex);
  return agent;
}

/**
 * An agent counts a connection once it has it, and would make as many at once as there are requests. Until then a socket that
 * is never connected stands for it, so that maxSockets and maxTotalSockets hold.
 */
function connectBy(agent: HttpAgent, connect: (to: RequestPlace) => Promise<Duplex>): void {
  const counting = agent as unknown as WithConnections;
  const sockets = agent.sockets as Record<string, Socket[]>;
  counting.createConnection = (to, created) => {
    const name = counting.getName(to);
    const pending = new Socket();
    sockets[name] = [...(sockets[name] ?? []), pending];
    counting.totalSocketCount++;
    const ready = (socket: Duplex): void => {
      counting.totalSocketCount--;
      sockets[name] = (sockets[name] ?? []).filter((one) => one !== pending);
      if (pending.destroyed) socket.destroy(); // the agent was
      created(null, socket);
    };
    const failed = (error: Error): void => {
      counting.totalSocketCount--;
      created(error);
      counting.removeSocket(pending, to);
    };
    connect(to).then(ready, failed);
    return undefined;
  };
}

/** The agent's own options are among those of each request. */
async function connectFor(place: SocketPlace, to: RequestPlace): Promise<Socket> {
  const {
    host,
    port,
    socketPath,
    timeout,
    localAddress,
    lookup,
    family,
    noDelay,
    keepAlive,
    keepAliveInitialDelay,
  } = to;
  const where = socketPath === undefined ? { host, port: Number(port), localAddress } : { path: socketPath };
  const how = { lookup, family, noDelay, keepAlive, keepAliveInitialDelay };
  const socket = await startConnecting(place, { ...where, ...how } as ConnectOptions);
  if (timeout !== undefined) socket.setTimeout(timeout);
  return socket;
}
