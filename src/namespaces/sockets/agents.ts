import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from 'node:https';
import type { Socket } from 'node:net';
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
interface WithConnections {
  createConnection: CreateConnection;
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
  (agent as unknown as WithConnections).createConnection = (to, created) => {
    connectFor(place, to).then(
      (socket) => created(null, socket),
      (error) => created(error),
    );
    return undefined;
  };
  return agent;
}

/** The same for TLS, with node:https's own way of securing a connection. */
export function httpsAgent(place: SocketPlace, options: NamespaceHttpsAgentOptions): HttpsAgent {
  refuseBun('make requests');
  const agent = new HttpsAgent(options);
  const secured = agent as unknown as WithConnections;
  const secure = secured.createConnection.bind(agent);
  secured.createConnection = (to, created) => {
    connectFor(place, to)
      .then((socket) => secure({ ...to, socket }, () => {}))
      .then(
        (socket) => created(null, socket),
        (error) => created(error),
      );
    return undefined;
  };
  return agent;
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
