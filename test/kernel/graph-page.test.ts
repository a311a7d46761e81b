/** The page of `isol8 graph --serve` in a browser, while the commands of the article are typed. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium, type Page } from 'playwright-core';
import { ip, run, unwireArticle } from './article-world.js';
import { eventually, outcomeOf, readProc, start } from './cli-program.js';
import { describeWithOwnProcesses } from './own-mounts.js';

const CHROMIUM = '/usr/bin/chromium';
const LIMIT_MILLISECONDS = 60_000;

interface Shown extends AsyncDisposable {
  readonly browser: Browser;
  readonly page: Page;
  /** What the page complained about, or asked somebody else for. */
  readonly complaints: string[];
  end(): Promise<unknown>;
}

async function shown(options: { colorScheme?: 'dark' | 'light' } = {}): Promise<Shown> {
  const child = start(['graph', '--serve']);
  const outcome = outcomeOf(child);
  let text = '';
  child.stdout?.on('data', (piece: string) => {
    text += piece;
  });
  const url = await eventually(() => /^http\S+\n/.exec(text)?.[0].trim(), 'it says its address');
  const browser = await launch();
  const page = await browser.newPage(options);
  page.setDefaultTimeout(LIMIT_MILLISECONDS);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(request.url());
  });
  await page.goto(url);
  const end = async (): Promise<unknown> => {
    child.kill('SIGINT');
    return outcome;
  };
  const close = async (): Promise<void> => {
    await browser.close();
    await end();
  };
  return { browser, page, complaints, end, [Symbol.asyncDispose]: close };
}

const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, timeout: LIMIT_MILLISECONDS });

/** Until the box of a namespace has all of these words, or for none of them there is no such box. */
async function sees(page: Page, title: string, ...words: string[]): Promise<void> {
  const hasBox = `(${HAS_BOX})(${JSON.stringify([title, words])})`;
  for (const end = Date.now() + LIMIT_MILLISECONDS; Date.now() < end; await sleep(20))
    if (await page.evaluate(hasBox)) return;
  assert.fail(`${title} with ${words} is not in ${await page.locator('#picture').textContent()}`);
}

/** What runs in the page, as text: the types of a browser are none of this project's. */
const HAS_BOX = `([name, all]) => {
  const boxes = [...document.querySelectorAll('#picture g.node')];
  const texts = boxes.map((box) => [...box.querySelectorAll('text')].map((each) => each.textContent));
  const box = texts.find(([first]) => first === name);
  return all.length === 0 ? box === undefined : all.every((word) => box?.some((each) => each.includes(word)));
}`;
const OVERLAPPING = `(() => {
  const texts = [...document.querySelectorAll('#picture text')];
  const boxes = texts.map((text) => ({ words: text.textContent, at: text.getBoundingClientRect() }));
  return boxes.flatMap((a, i) =>
    boxes.slice(i + 1).flatMap((b) => {
      const across = Math.min(a.at.right, b.at.right) - Math.max(a.at.left, b.at.left);
      const down = Math.min(a.at.bottom, b.at.bottom) - Math.max(a.at.top, b.at.top);
      return across > 1 && down > 0.4 * a.at.height ? [a.words + ' / ' + b.words] : [];
    }),
  );
})()`;
/** Titles of user namespaces that are wider than what they stand over. */
const OUT_OF_BOX = `[...document.querySelectorAll('svg g.cluster')].flatMap((cluster) => {
  const box = cluster.querySelector('path, polygon').getBoundingClientRect();
  const texts = [...cluster.querySelectorAll('text')];
  return texts.filter((text) => text.getBoundingClientRect().right > box.right).map((text) => text.textContent);
})`;
const COLORS = `[
  getComputedStyle(document.body).backgroundColor,
  getComputedStyle(document.querySelector('#picture text:not([fill])')).fill,
]`;

function tests(): void {
  beforeEach(() => void ip('link set lo up'));
  afterEach(unwireArticle);

  it('shows the network grow with each command, and shrink', async () => {
    await using seen = await shown();
    const { page, complaints } = seen;
    await sees(page, 'host', 'lo', 'up, mtu 65536');
    ip('netns add netns0');
    await sees(page, 'netns0', 'lo', 'down, mtu 65536');
    ip('link add veth0 type veth peer name ceth0');
    await sees(page, 'host', 'veth0', '⇄ ceth0');
    ip('link set ceth0 netns netns0');
    await sees(page, 'netns0', 'ceth0');
    await page.waitForSelector('#picture g.edge', { state: 'attached' });
    ip('link add br0 type bridge');
    ip('link set veth0 master br0 up');
    ip('address add 172.18.0.1/16 dev br0');
    ip('link set br0 up');
    await sees(page, 'host', 'br0', 'bridge', '172.18.0.1/16');
    ip('-n netns0 link set ceth0 up');
    ip('-n netns0 address add 172.18.0.10/16 dev ceth0');
    await sees(page, 'netns0', '172.18.0.10/16', 'up, mtu 1500');
    ip('-n netns0 route add default via 172.18.0.1');
    await sees(page, 'netns0', 'default via 172.18.0.1 dev ceth0');
    run('iptables-nft -t nat -A POSTROUTING -s 172.18.0.0/16 ! -o br0 -j MASQUERADE');
    await sees(page, 'host', 'masquerade oifname != br0 ip saddr 172.18.0.0/16');
    run('sysctl -qw net.ipv4.ip_forward=1');
    await sees(page, 'host', 'forwards IPv4');
    ip('netns delete netns0');
    await sees(page, 'netns0');
    await page.waitForSelector('#picture g.edge', { state: 'detached' });
    assert.deepEqual(complaints, []);
  });

  it('takes the name of a link for text, whatever it is', async () => {
    await using seen = await shown();
    const { page, complaints } = seen;
    const name = '<b>"&\\\'{|}';
    ip(`link add ${name} type bridge`);
    await sees(page, 'host', name);
    assert.equal(await page.locator('#picture b').count(), 0);
    assert.deepEqual(complaints, []);
  });

  it('has texts that do not run into each other, in the dark too', async () => {
    await using seen = await shown({ colorScheme: 'dark' });
    const { page } = seen;
    for (let i = 0; i < 20; i++) {
      ip(`netns add member${i}`);
      ip(`link add port${i} type veth peer name eth0 netns member${i}`);
      ip(`-n member${i} address add 10.0.0.${i + 1}/24 dev eth0`);
    }
    await sees(page, 'member19', '10.0.0.20/24');
    assert.deepEqual(await page.evaluate(OVERLAPPING), []);
    const colors = await page.evaluate(COLORS);
    assert.deepEqual(colors, ['rgb(21, 24, 28)', 'rgb(230, 232, 234)']);
  });

  it('has texts apart also in the picture of namespaces, with users, shared namespaces and many processes', async () => {
    const kinds = [['--user'], ['--user', '--uts', '--net'], ['--uts'], ['--mount', '--ipc', '--cgroup']];
    const children = Array.from({ length: 50 }, (_, i) =>
      spawn('unshare', [...(kinds[i % kinds.length] as string[]), 'sleep', '1000'], { stdio: 'ignore' }),
    );
    try {
      await eventually(
        () => children.every(({ pid }) => readProc(`${pid}/comm`) === 'sleep\n'),
        'all of them sleep',
      );
      const { stdout } = await outcomeOf(start(['graph', '--format', 'html']));
      await using browser = await launch();
      const page = await browser.newPage();
      await page.setContent(stdout);
      assert.deepEqual(await page.evaluate(OVERLAPPING.replaceAll('#picture', 'svg')), []);
      assert.deepEqual(await page.evaluate(OUT_OF_BOX), []);
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  });

  it('says so when the server has ended', async () => {
    await using seen = await shown();
    const { page } = seen;
    await page.getByText('Live: what changes').waitFor();
    await seen.end();
    await page.getByText('Not connected any more').waitFor();
  });
}

if (existsSync(CHROMIUM)) describeWithOwnProcesses(import.meta.url, 'the live page', tests);
else it('the live page', { skip: `${CHROMIUM} is not installed (Debian package chromium)` }, () => {});
