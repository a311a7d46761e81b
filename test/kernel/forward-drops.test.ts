import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { it } from 'node:test';
import { NetlinkDecodeError } from '../../src/netlink/errors.js';
import { allowForward, findForwardDrops } from '../../src/nftables/forward-drops.js';
import { decodeFilter, legacyForward } from '../../src/nftables/legacy-tables.js';
import { isRoot } from './caller.js';
import { nft } from './nft.js';
import { describeInOwnMounts } from './own-mounts.js';

const BRIDGES = 'i8-*';
const iptables = existsSync('/usr/sbin/iptables-nft') ? false : 'iptables is not installed';

function run(command: string): void {
  const { status, stderr } = spawnSync('sh', ['-ec', command], { encoding: 'utf8' });
  assert.equal(status, 0, `${command}: ${stderr}`);
}

const summary = async (): Promise<string[]> =>
  (await findForwardDrops(BRIDGES)).map(
    ({ backend, family, table, chain, by, docker }) =>
      `${backend} ${family} ${table} ${chain} ${by}${docker ? ' docker' : ''}`,
  );

/** Does what is advised, and tells whether that was enough. */
async function follow(advised: readonly string[]): Promise<void> {
  const [drop] = await findForwardDrops(BRIDGES);
  assert.ok(drop);
  assert.deepEqual(allowForward(drop, BRIDGES), advised);
  for (const command of advised) run(command);
  assert.deepEqual(await summary(), []);
}

describeInOwnMounts(import.meta.url, 'firewalls that drop what is forwarded', () => {
  it('are none where nobody has made one, and finding that out makes none', async () => {
    nft(['flush', 'ruleset']);
    nft(
      ['-f', '-'],
      'table inet a {\n chain c {\n type filter hook forward priority 0; policy accept;\n counter\n }\n}\n',
    );
    assert.deepEqual(await summary(), []);
    assert.deepEqual([await legacyForward('ip'), await legacyForward('ip6')], [undefined, undefined]);
  });

  it('are chains of nf_tables whose policy or last rule does', async () => {
    const chain = (policy: string, rules: string): string =>
      `flush ruleset\ntable inet fw {\n chain passing {\n type filter hook forward priority 0; policy ${policy};\n ${rules}\n }\n}\n`;
    nft(['-f', '-'], chain('drop', 'iifname "i8-" accept'));
    assert.deepEqual(await summary(), ['nf_tables inet fw passing policy']);
    nft(['-f', '-'], chain('accept', 'ct state established accept\n counter reject'));
    assert.deepEqual(await summary(), ['nf_tables inet fw passing last rule']);
    nft(['-f', '-'], chain('accept', 'iifname "eth0" drop'));
    assert.deepEqual(await summary(), []);
    nft(['-f', '-'], chain('drop', 'counter'));
    await follow([
      `nft insert rule inet fw passing 'iifname "${BRIDGES}" accept'`,
      `nft insert rule inet fw passing 'oifname "${BRIDGES}" ct state established,related accept'`,
      `nft insert rule inet fw passing 'oifname "${BRIDGES}" ct status dnat accept'`,
    ]);
  });

  it('are those of iptables, with the place that Docker leaves to others', { skip: iptables }, async () => {
    nft(['flush', 'ruleset']);
    run(
      'iptables-nft -P FORWARD DROP; iptables-nft -N DOCKER-USER; iptables-nft -A FORWARD -j DOCKER-USER; iptables-nft -A DOCKER-USER -j RETURN',
    );
    assert.deepEqual(await summary(), ['nf_tables ip filter FORWARD policy docker']);
    await follow([
      'iptables -I DOCKER-USER -i i8-+ -j ACCEPT',
      'iptables -I DOCKER-USER -o i8-+ -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT',
    ]);
    run('ip6tables-nft -P FORWARD DROP');
    await follow([
      'ip6tables -I FORWARD -i i8-+ -j ACCEPT',
      'ip6tables -I FORWARD -o i8-+ -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT',
    ]);
  });

  const legacy = iptables || (isRoot ? false : 'the old ip_tables ask for root');
  it('are those of the old ip_tables', { skip: legacy }, async () => {
    nft(['flush', 'ruleset']);
    run('iptables-legacy -P FORWARD DROP; iptables-legacy -A FORWARD -i eth0 -p tcp --dport 80 -j ACCEPT');
    assert.deepEqual(await summary(), ['ip_tables ip filter FORWARD policy']);
    await follow([
      'iptables-legacy -I FORWARD -i i8-+ -j ACCEPT',
      'iptables-legacy -I FORWARD -o i8-+ -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT',
    ]);
    run('iptables-legacy -F; iptables-legacy -N DOCKER-USER');
    assert.deepEqual(await summary(), ['ip_tables ip filter FORWARD policy docker']);
    run('iptables-legacy -P FORWARD ACCEPT; ip6tables-legacy -P FORWARD DROP');
    assert.deepEqual(await summary(), ['ip_tables ip6 filter FORWARD policy']);
    await follow([
      'ip6tables-legacy -I FORWARD -i i8-+ -j ACCEPT',
      'ip6tables-legacy -I FORWARD -o i8-+ -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT',
    ]);
  });

  it('of bytes that are no table are refused in one way', () => {
    const bytes = (from: number, size: number): Buffer => Buffer.alloc(size, from);
    for (const entries of [bytes(0, 0), bytes(0, 40), bytes(0, 400), bytes(0xff, 400), bytes(0x70, 4000)])
      assert.throws(
        () => decodeFilter(entries, { forward: 0, policy: 0, output: 0 }, 'ip'),
        NetlinkDecodeError,
      );
  });

  it('of firewalld are opened by its own tool', () => {
    const drop = {
      backend: 'nf_tables',
      family: 'inet',
      table: 'firewalld',
      chain: 'filter_FORWARD',
      by: 'last rule',
      docker: false,
    } as const;
    assert.deepEqual(allowForward(drop, BRIDGES), [
      'firewall-cmd --permanent --zone=trusted --add-interface=i8-+',
      'firewall-cmd --zone=trusted --add-interface=i8-+',
    ]);
    assert.throws(() => allowForward(drop, 'a; reboot'), { code: 'ERR_SPEC' });
  });
});
