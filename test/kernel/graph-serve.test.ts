/** The server of pictures, as those meet it who may look and those who may not. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { createServer } from 'node:net';
import { afterEach, beforeEach, it } from 'node:test';
import { ip, unwireArticle } from './article-world.js';
import { eventually, isol8, outcomeOf, start } from './cli-program.js';
import { describeWithOwnProcesses } from './own-mounts.js';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** Enough of what comes; else to its end. */
  readonly until?: RegExp;
}

function ask(url: string, { method = 'GET', headers = {}, until }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers }, (response) => {
      let text = '';
      const done = (): void => resolve({ status: response.statusCode, headers: response.headers, text });
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        if (!until?.test(text)) return;
        done();
        asked.destroy();
      });
      response.on('end', done);
    });
    asked.on('error', reject).end();
  });
}

interface Serving extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Ends it as Ctrl-C does. */
  end(): Promise<{ status: number | null }>;
}

async function serving(): Promise<Serving> {
  const child = start(['graph', '--serve']);
  const outcome = outcomeOf(child);
  let text = '';
  child.stdout?.on('data', (piece: string) => {
    text += piece;
  });
  const url = await eventually(() => /^http\S+\n/.exec(text)?.[0].trim(), 'it says its address');
  const end = async () => {
    child.kill('SIGINT');
    return outcome;
  };
  return { url, port: Number(new URL(url).port), end, [Symbol.asyncDispose]: async () => void (await end()) };
}

describeWithOwnProcesses(import.meta.url, 'isol8 graph --serve', () => {
  beforeEach(() => void ip('link set lo up'));
  afterEach(unwireArticle);

  it('sends a page that may load nothing from elsewhere, and pictures as they change', async () => {
    await using server = await serving();
    const { status, headers, text } = await ask(server.url);
    assert.equal(status, 200);
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /^default-src 'none'; .*frame-ancestors 'none'$/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    assert.doesNotMatch(text, /https?:|src=|@import|url\(/);
    assert.match((await ask(`${server.url}events`, { until: />lo</ })).text, /^event: picture\ndata: <svg/);
    const grown = ask(`${server.url}events`, { until: />blue</ });
    ip('netns add blue');
    assert.equal((await grown).headers['content-type'], 'text/event-stream');
    const shrunk = ask(`${server.url}events`, {
      until: />blue<[\s\S]*event: picture(?![\s\S]*>blue<)[\s\S]*<\/svg>/,
    });
    ip('netns delete blue');
    await shrunk;
    assert.equal((await server.end()).status, 0);
  });

  it('listens on 127.0.0.1 alone', async () => {
    await using server = await serving();
    const port = server.port.toString(16).toUpperCase().padStart(4, '0');
    const listening = (file: string): string[] =>
      readFileSync(`/proc/net/${file}`, 'utf8')
        .split('\n')
        .flatMap((line) => {
          const [, local = '', , state] = line.trim().split(/\s+/);
          return local.endsWith(`:${port}`) && state === '0A' ? [local] : [];
        });
    assert.deepEqual(listening('tcp'), [`0100007F:${port}`]);
    assert.deepEqual(listening('tcp6'), []);
  });

  it('refuses whoever calls it by another name, comes from another site, or does not know the address', async () => {
    await using server = await serving();
    const { url, port } = server;
    const status = async (path: string, options: Ask = {}): Promise<number | undefined> =>
      (await ask(new URL(path, url).href, options)).status;
    for (const path of ['', 'events']) {
      assert.equal(await status(path, { headers: { host: `evil.example:${port}` } }), 421);
      assert.equal(await status(path, { headers: { host: '127.0.0.1' } }), 421);
      assert.equal(await status(path, { headers: { 'sec-fetch-site': 'cross-site' } }), 403);
      assert.equal(await status(path, { headers: { 'sec-fetch-site': 'same-site' } }), 403);
      assert.equal(await status(path, { method: 'POST' }), 405);
    }
    for (const path of [
      '/',
      '/events',
      `/${'0'.repeat(32)}/`,
      '/x/y/z',
      `${new URL(url).pathname}events/`,
      '//',
    ])
      assert.equal(await status(path.replace('//', '/%2F')), 404, path);
    assert.equal(await status('', { headers: { host: `localhost:${port}` } }), 200);
    assert.equal(await status('', { headers: { 'sec-fetch-site': 'none' } }), 200);
  });

  it('says why it cannot listen', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const { status, stderr } = await isol8(['graph', '--serve', '--port', String(port)]);
    assert.equal(status, 125);
    assert.match(stderr, /serve on 127\.0\.0\.1 port \d+: EADDRINUSE\. .*another port/);
    taken.close();
    ip('link set lo down');
    const down = await isol8(['graph', '--serve']);
    assert.match(down.stderr, /EADDRNOTAVAIL\. Loopback is down/);
  });

  it('is refused together with what it cannot be together with', async () => {
    const lines: readonly (readonly [string, RegExp])[] = [
      ['--serve --watch --net', /--serve and --watch cannot be together/],
      ['--watch', /--watch is for networks/],
      ['--serve --format svg', /--format cannot be together with --serve/],
      ['--net --port 80', /--port is for --serve/],
      ['--serve --port 0', /invalid port: '0'/],
      ['--serve --port 65536', /invalid port/],
      ['--format text', /text is for networks/],
    ];
    for (const [line, problem] of lines) {
      const { status, stderr } = await isol8(['graph', ...line.split(' ')]);
      assert.equal(status, 125, line);
      assert.match(stderr, problem);
    }
  });
});
