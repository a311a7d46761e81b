import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Isol8Error } from '../../foundation/errors.js';
import { elementOf } from '../graph/html.js';
import { layOut } from '../graph/lay-out.js';
import { renderDot } from './dot.js';
import { livePictures } from './live.js';
import { CONTENT_SECURITY_POLICY, PAGE } from './page.js';

const LOOPBACK = '127.0.0.1';
const MOST_CONNECTIONS = 64;

export interface ServeOptions {
  /** Default one that is free. */
  readonly port?: number | undefined;
  /** Only the namespaces that these processes are in. */
  readonly pids?: readonly number[] | undefined;
  readonly signal: AbortSignal;
}

export interface PictureServer {
  /** The page; who does not know the secret in it sees nothing. */
  readonly url: string;
  /** Settled when the signal has ended it; rejected when the network cannot be read any more. */
  readonly ended: Promise<void>;
}

/**
 * Serves a page with a picture that follows the network, on 127.0.0.1 alone. Other users of the machine can connect there, and a
 * page of the web can have its own name lead there: both lack the secret, and the latter also says the wrong host.
 *
 * @throws Isol8Error EADDRINUSE, EACCES for the port; EADDRNOTAVAIL where loopback is down.
 */
export async function serveNetworks({ port = 0, pids, signal }: ServeOptions): Promise<PictureServer> {
  const secret = randomBytes(16).toString('hex');
  const audience = new Audience();
  const server = createServer((request, response) => answer({ request, response, secret, audience }));
  server.maxConnections = MOST_CONNECTIONS;
  await listen(server, port);
  server.on('error', () => {}); // of a connection that could not be accepted
  const bound = (server.address() as AddressInfo).port;
  return { url: `http://${LOOPBACK}:${bound}/${secret}/`, ended: run({ server, audience, pids, signal }) };
}

async function listen(server: Server, port: number): Promise<void> {
  // The kernel would let us listen on an address of a link that is down.
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  if (!addresses.some(({ address }) => address === LOOPBACK)) throw refused(port, 'EADDRNOTAVAIL');
  try {
    server.listen(port, LOOPBACK);
    await once(server, 'listening');
  } catch (cause) {
    throw refused(port, (cause as { code: string }).code, cause);
  }
}

function refused(port: number, code: string, cause?: unknown): Isol8Error {
  const why = REMEDIES[code];
  const words = `serve on ${LOOPBACK} port ${port}: ${code}${why === undefined ? '' : `. ${why}`}`;
  return new Isol8Error(code, words, { cause });
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Something else has it: choose another port, or none.',
  EACCES: 'Ports below 1024 take CAP_NET_BIND_SERVICE: choose a higher one.',
  EADDRNOTAVAIL: 'Loopback is down in this network namespace: ip link set lo up.',
};

interface Run extends Omit<ServeOptions, 'port'> {
  readonly server: Server;
  readonly audience: Audience;
}

async function run({ server, audience, pids, signal }: Run): Promise<void> {
  try {
    for await (const picture of livePictures({ pids, signal }))
      audience.show(elementOf(await layOut(renderDot(picture))));
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly secret: string;
  readonly audience: Audience;
}

function answer({ request, response, secret, audience }: Exchange): void {
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
  const refusal = refusalOf(request, secret);
  if (refusal !== undefined) {
    response.writeHead(refusal.status, { 'Content-Type': 'text/plain' });
    response.end(`${refusal.why}\n`);
  } else if (request.url?.endsWith('/events')) {
    audience.admit(response);
  } else {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
    response.end(request.method === 'HEAD' ? undefined : PAGE);
  }
}

function refusalOf(request: IncomingMessage, secret: string): { status: number; why: string } | undefined {
  const { method, headers, socket } = request;
  const hosts = [LOOPBACK, 'localhost'].flatMap((host) => [
    `${host}:${socket.localPort}`,
    ...(socket.localPort === 80 ? [host] : []),
  ]);
  if (!hosts.includes(headers.host ?? ''))
    return { status: 421, why: 'This is not the server of that name.' };
  if (headers['sec-fetch-site'] !== undefined && !OWN_SITES.includes(String(headers['sec-fetch-site'])))
    return { status: 403, why: 'Another site asks for this.' };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, why: 'Only GET is possible.' };
  const [, given = '', ...rest] = (request.url ?? '').split('/');
  const isKnown = rest.length === 1 && ['', 'events'].includes(rest[0] as string);
  if (!isKnown || !isSame(given, secret))
    return {
      status: 404,
      why: 'Nothing is here: use the whole address that isol8 graph --serve has printed.',
    };
  return undefined;
}

/** What the page itself asks for, and what a person typed. */
const OWN_SITES: readonly string[] = ['same-origin', 'none'];

function isSame(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Those who look. One who reads slowly misses pictures, and gets the last. */
class Audience {
  #event = '';
  readonly #waiting = new Map<ServerResponse, string | undefined>();

  admit(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.flushHeaders();
    this.#waiting.set(response, undefined);
    response.on('drain', () => this.#send(response));
    response.on('close', () => this.#waiting.delete(response));
    if (this.#event !== '') this.#offer(response);
  }

  show(svg: string): void {
    this.#event = `event: picture\n${svg.replace(/^/gm, 'data: ')}\n\n`;
    for (const response of this.#waiting.keys()) this.#offer(response);
  }

  #offer(response: ServerResponse): void {
    this.#waiting.set(response, this.#event);
    if (!response.writableNeedDrain) this.#send(response);
  }

  #send(response: ServerResponse): void {
    const event = this.#waiting.get(response);
    if (event === undefined) return;
    this.#waiting.set(response, undefined);
    response.write(event);
  }
}
