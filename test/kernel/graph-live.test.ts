/** Pictures that follow the network: what is told of changes, in a terminal, and that nothing is kept alive by looking. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Namespace } from '../../src/index.js';
import { livePictures } from '../../src/web/net/live.js';
import { NetworkEvents } from '../../src/web/net/network-events.js';
import { devicesOf, type NetPicture } from '../../src/web/net/picture.js';
import { addMember, ip, ipJson, run, unwireArticle, wireArticle } from './article-world.js';
import { eventually, outcomeOf, program, start } from './cli-program.js';
import { Terminal } from './cli-terminal.js';
import { describeWithOwnProcesses } from './own-mounts.js';

/** The pictures of now on. */
class Following implements AsyncDisposable {
  readonly #ending = new AbortController();
  readonly #pictures = livePictures({ signal: this.#ending.signal });
  #last: NetPicture | undefined;

  /** Until it is as wanted, which the last one may be already. */
  async until(isWanted: (picture: NetPicture) => boolean): Promise<void> {
    while (this.#last === undefined || !isWanted(this.#last)) {
      const { value, done } = await this.#pictures.next();
      assert.ok(!done && value, 'it goes on');
      this.#last = value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    assert.equal((await this.#pictures.next()).done, true);
  }
}

const hasPlace = (title: string) => (picture: NetPicture) =>
  picture.places.some((place) => place.title === title);

const hasWords = (words: string) => (picture: NetPicture) => JSON.stringify(picture).includes(words);

const hasLink = (name: string): boolean => ipJson('link').some(({ ifname }) => ifname === name);

describeWithOwnProcesses(import.meta.url, 'pictures that follow', () => {
  afterEach(unwireArticle);

  describe('hear', () => {
    /** What is typed after this is told. */
    async function hears(name: string, change: () => void): Promise<void> {
      using events = await NetworkEvents.open();
      using namespace = Namespace.open(`/run/netns/${name}`, 'net');
      await events.follow(namespace);
      change();
      await events.changed(); // the test would else not end
    }

    const CHANGES: Readonly<Record<string, string>> = {
      'a link': 'ip -n blue link set lo up',
      'an address': 'ip -n blue address add 10.7.0.1/24 dev lo',
      'a route': 'ip -n blue route add blackhole 10.9.0.0/24',
      forwarding: 'ip netns exec blue sysctl -qw net.ipv4.ip_forward=1',
      'a table of nf_tables': 'ip netns exec blue nft add table ip t',
    };
    for (const [what, line] of Object.entries(CHANGES))
      it(`of ${what} in a namespace that nothing connects with this one`, async () => {
        ip('netns add blue');
        await hears('blue', () => void run(line));
      });

    it('of the end of a namespace, which following does not put off', async () => {
      ip('netns add blue');
      ip('link add here type veth peer name there netns blue');
      using events = await NetworkEvents.open();
      {
        using namespace = Namespace.open('/run/netns/blue', 'net');
        await events.follow(namespace);
      }
      ip('netns delete blue');
      await events.changed();
      await eventually(() => !hasLink('here'), 'the pair goes with the namespace');
    });
  });

  it('show a network grow, and become smaller', async () => {
    await using pictures = new Following();
    await pictures.until(() => true);
    wireArticle();
    await pictures.until(hasPlace('netns1'));
    await pictures.until(hasWords('default via 172.18.0.1 dev eth0'));
    addMember(2);
    await pictures.until(hasWords('172.18.0.30/16'));
    run('iptables-nft -t nat -A POSTROUTING -s 172.18.0.0/16 ! -o br0 -j MASQUERADE');
    await pictures.until(hasWords('masquerade'));
    ip('netns delete netns2');
    await pictures.until((picture) => !hasPlace('netns2')(picture));
    await pictures.until(({ places }) => !places.flatMap(devicesOf).some(({ name }) => name === 'veth2'));
  });

  it('do not keep anything from going', async () => {
    ip('netns add blue');
    ip('link add here type veth peer name there netns blue');
    await using pictures = new Following();
    await pictures.until(hasPlace('blue'));
    ip('netns delete blue');
    await eventually(() => !hasLink('here'), 'the pair goes with the namespace');
  });

  describe('in a terminal', () => {
    const command = (...env: string[]): string[] => [
      ...['env', 'TERM=xterm-256color', ...env, process.execPath, program],
      ...['graph', '--net', '--watch'],
    ];

    it('are drawn again after a change, and leave it as it was', async () => {
      await using terminal = await Terminal.open(command());
      await terminal.see(/\[\?1049h/);
      await terminal.see(/\[36mlo/);
      ip('netns add blue');
      await terminal.see(/blue/);
      ip('link add here type veth peer name there netns blue');
      await terminal.see(/⇄ there in blue/);
      terminal.resize({ columns: 80, rows: 3 });
      await terminal.see(/and \d+ more lines: make the window higher/);
      terminal.type('\x03');
      await terminal.see(/\[\?7h.\[\?25h.\[\?1049l$/);
      assert.equal((await terminal.process.exited).exitCode, 0);
    });

    it('have no colours with NO_COLOR', async () => {
      await using terminal = await Terminal.open(command('NO_COLOR=1'));
      await terminal.see(/lo {2}loopback/);
      terminal.type('\x03');
      const text = await terminal.toTheEnd();
      assert.ok(!text.split('\x1b').some((piece) => /^\[\d*m/.test(piece)), text);
    });
  });

  it('end when nobody reads them any more', async () => {
    const child = start(['graph', '--net', '--watch']);
    const outcome = outcomeOf(child);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.stdout?.destroy();
    ip('netns add blue');
    assert.equal((await outcome).status, 0);
  });

  it('follow each other where there is no terminal, until a signal', async () => {
    const child = start(['graph', '--net', '--watch']);
    const outcome = outcomeOf(child);
    let text = '';
    child.stdout?.on('data', (piece: string) => {
      text += piece;
    });
    await eventually(() => text.includes('lo  loopback'), 'the first picture');
    ip('netns add blue');
    await eventually(() => text.includes('blue  net'), 'the second');
    child.kill('SIGTERM');
    const { status, stderr, stdout } = await outcome;
    assert.deepEqual({ status, stderr }, { status: 143, stderr: '' });
    assert.ok(!stdout.includes('\x1b'));
  });
});
