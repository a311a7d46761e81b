import type { ConnectionOptions } from 'node:tls';
import {
  Agent,
  buildConnector,
  errors,
  FormData,
  type RequestInit as Init,
  Request,
  fetch as undici,
} from 'undici';
import { SpecError } from '../../foundation/errors.js';
import type { SocketPlace } from '../open-socket.js';
import { connect } from './connect.js';
import type { LookupOptions } from './lookup.js';
import { refuseBun } from './runtime.js';

/** What the global `fetch` takes, and how to reach the server. */
export type FetchInit = Omit<RequestInit, 'dispatcher'> &
  LookupOptions & {
    /** For https: certificates, keys and what node:tls's `connect` has beside. */
    tls?: Pick<
      ConnectionOptions,
      | 'ca'
      | 'cert'
      | 'key'
      | 'passphrase'
      | 'pfx'
      | 'servername'
      | 'rejectUnauthorized'
      | 'minVersion'
      | 'ciphers'
    >;
  };

/** As long as the global `fetch` waits for a connection. */
const CONNECT_MILLISECONDS = 10_000;

/**
 * The global `fetch`, through a namespace. Each call has connections of its own, which end with it, so nothing is left
 * when the handle is disposed of.
 *
 * @throws what `fetch` throws: TypeError, whose `cause` is the {@link SocketError}, and the reason of `init.signal`.
 */
export async function fetch(
  place: SocketPlace,
  input: string | URL | globalThis.Request,
  init: FetchInit,
): Promise<Response> {
  refuseBun('fetch');
  if ('dispatcher' in init)
    throw new SpecError('init.dispatcher', 'cannot be given: this has one of its own');
  const { lookup, family, tls = {}, ...rest } = init;
  const attempts = new AbortController();
  const connector = connectorFor(place, { lookup, family, tls, signal: attempts.signal } as Reach);
  const dispatcher = new Agent({ connect: connector });
  try {
    const response = await undici(request(input), { ...body(rest), dispatcher } as Init);
    dispatcher.close().catch(() => {}); // once the body has been read, or given up
    return response as unknown as Response;
  } catch (error) {
    attempts.abort();
    await dispatcher.destroy();
    throw error;
  }
}

interface Reach extends LookupOptions {
  readonly tls: ConnectionOptions;
  readonly signal: AbortSignal;
}

function connectorFor(place: SocketPlace, { tls, signal, ...how }: Reach): buildConnector.connector {
  const secure = buildConnector({ ...tls } as buildConnector.BuildOptions);
  return (to, callback) => {
    const { hostname: host, protocol } = to;
    const port = Number(to.port || (protocol === 'https:' ? 443 : 80));
    const limit = AbortSignal.timeout(CONNECT_MILLISECONDS);
    connect(place, { ...how, host, port, noDelay: true, signal: AbortSignal.any([signal, limit]) }).then(
      (httpSocket) => {
        if (protocol === 'https:') secure({ ...to, httpSocket }, callback);
        else callback(null, httpSocket);
      },
      (error) => callback(limit.aborted ? tooSlow(host, port) : error, null),
    );
  };
}

const tooSlow = (host: string, port: number): Error =>
  new errors.ConnectTimeoutError(`no connection to ${host}:${port} within ${CONNECT_MILLISECONDS / 1000} s`);

/** The package's classes are not Node's: it would take a request or a form of Node's for text. */
function request(input: string | URL | globalThis.Request): string | URL | Request {
  return input instanceof globalThis.Request ? new Request(input.url, input as unknown as Init) : input;
}

function body(init: Omit<RequestInit, 'dispatcher'>): Omit<RequestInit, 'dispatcher'> {
  if (!(init.body instanceof globalThis.FormData)) return init;
  const form = new FormData();
  for (const [name, value] of init.body) form.append(name, value as never);
  return { ...init, body: form as never };
}
