import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Diagnosis } from '../../src/doctor/diagnose.js';
import type { Finding } from '../../src/doctor/finding.js';
import { isRoot, skip } from './caller.js';
import { isol8, program, type Start } from './cli-program.js';
import { leaveMachineAsItWas } from './machine.js';

interface Report extends Diagnosis {
  readonly status: number | null;
  finding(about: string): Finding | undefined;
}

async function doctor(options: Start = {}): Promise<Report> {
  const { status, stdout, stderr } = await isol8(['doctor', '--json'], options);
  assert.equal(stderr, '');
  const diagnosis: Diagnosis = JSON.parse(stdout);
  const findings = diagnosis.sections.flatMap((section) => section.findings);
  return { ...diagnosis, status, finding: (about) => findings.find((each) => each.about === about) };
}

/** Root of a user namespace, with something changed first. */
const asRootOf = (script: string): readonly string[] => [
  'unshare',
  '--user',
  '--map-root-user',
  '--mount',
  'sh',
  '-ec',
  `${script}; exec "$@"`,
  'sh',
];

describe('isol8 doctor', { skip }, () => {
  leaveMachineAsItWas();

  it('tries each kind, and ends with 0 where isol8 run works', async () => {
    const { status, works, kinds, uid } = await doctor();
    assert.deepEqual([status, works, uid], [0, true, process.getuid?.()]);
    assert.equal(kinds.length, 8);
    for (const { kind, direct, inside, joined, limit } of kinds) {
      assert.equal(direct.works, isRoot || kind === 'user', kind);
      assert.equal(inside?.works, kind === 'user' ? undefined : true, kind);
      assert.equal(joined.works, true, kind);
      assert.ok((limit as number) > 0);
    }
  });

  it('prints no wider than 80 columns, without colour when nobody looks', async () => {
    const { stdout, status } = await isol8(['doctor']);
    assert.equal(status, 0);
    assert.match(stdout, /^isol8 \S+ on Linux .*\n\nDoes it work\n {2}ok {4}isol8 run /);
    assert.match(stdout, /^ {2}net +(yes|root only) +yes +yes +\d+$/m);
    assert.ok(!stdout.includes('\u001b'));
    const narrow = stdout.split('\n').filter((line) => !line.includes('$ '));
    assert.deepEqual(
      narrow.filter((line) => line.length > 80),
      [],
    );
  });

  it('has colour on a terminal, unless NO_COLOR says no', () => {
    const printed = (environment: string): string => {
      const command = `env ${environment} TERM=xterm ${process.execPath} ${program} doctor`;
      return spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8' }).stdout;
    };
    assert.ok(printed('-u NO_COLOR').includes('\u001b[32mok'));
    assert.ok(!printed('NO_COLOR=1').includes('\u001b[32m'));
  });

  it('names a limit that is reached and how to raise it, and ends with 1', async () => {
    const { status, works, kinds, finding } = await doctor({
      behind: asRootOf('echo 0 > /proc/sys/user/max_net_namespaces'),
    });
    assert.deepEqual([status, works], [1, false]);
    const bad = kinds.filter(({ direct, inside }) => !direct.works && inside?.works !== true);
    assert.deepEqual(
      bad.map(({ kind }) => kind),
      ['net'],
    );
    assert.match(bad[0]?.direct.failure ?? '', /ENOSPC.*max_net_namespaces is 0/);
    assert.equal(finding('limits')?.state, 'lack');
    assert.equal(finding('limits')?.mend, 'sysctl user.max_net_namespaces=15000');
  });

  it('sees that /proc is covered, as container engines do it', async () => {
    const { status, finding } = await doctor({ behind: asRootOf('mount -t tmpfs tmpfs /proc/fs') });
    assert.equal(status, 1);
    assert.equal(finding('/proc')?.state, 'lack');
    assert.match(finding('isol8 run')?.detail ?? '', /mount \/proc: EPERM .*systempaths=unconfined/);
  });

  it('names the firewall that drops what networks forward, and what to add to it', async () => {
    const rules = 'add table ip fw; add chain ip fw c { type filter hook forward priority 0; policy drop; }';
    const inNet = [
      'unshare',
      '--user',
      '--map-root-user',
      '--net',
      'sh',
      '-ec',
      `nft '${rules}'; exec "$@"`,
      'sh',
    ];
    const { finding } = await doctor({ behind: inNet });
    const { state, detail, mend } = finding('forwarding') ?? {};
    assert.deepEqual(
      [state, detail],
      ['lack', "Packets from and to networks are dropped by the policy of c in nf_tables' table ip fw."],
    );
    assert.match(mend ?? '', /^nft insert rule ip fw c 'iifname "i8-\*" accept' && nft insert rule/);
    const open = await doctor({ behind: ['unshare', '--user', '--map-root-user', '--net'] });
    assert.equal(open.finding('forwarding')?.state, 'ok');
  });

  it('says how users get a way out without root', {
    skip: !existsSync('/dev/net') && 'no /dev/net',
  }, async () => {
    const device = async (script: string): Promise<Finding | undefined> => {
      const report = await doctor({ behind: asRootOf(`mount -t tmpfs tmpfs /dev/net; ${script}`) });
      return report.finding('/dev/net/tun');
    };
    const made = (mode: string): string => `: > /dev/net/tun; chmod ${mode} /dev/net/tun`;
    const [none, shut, open] = [await device(':'), await device(made('0600')), await device(made('0666'))];
    assert.deepEqual([none?.state, shut?.state, open?.state], ['note', 'note', 'ok']);
    assert.equal(none?.mend, 'mkdir -p /dev/net && mknod -m 0666 /dev/net/tun c 10 200');
    assert.equal(shut?.mend, 'chmod 0666 /dev/net/tun');
  });

  it('says which programs carry packets out without root, and how they are installed', async () => {
    const { finding } = await doctor();
    for (const [program, name] of [
      ['slirp4netns', 'slirp4netns'],
      ['pasta', 'passt'],
    ] as const) {
      const found = finding(program);
      if (spawnSync(program, ['--help']).error === undefined) assert.equal(found?.state, 'ok');
      else assert.match(found?.mend ?? '', new RegExp(` ${name}$`));
    }
  });

  it('finds programs where what needs them does', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'isol8-doctor-'));
    chmodSync(folder, 0o755);
    for (const name of ['newuidmap', 'newgidmap', 'slirp4netns'])
      writeFileSync(join(folder, name), '', { mode: name === 'slirp4netns' ? 0o644 : 0o755 });
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const { finding } = await doctor({ user: true, env });
    rmSync(folder, { recursive: true });
    for (const name of ['newuidmap', 'newgidmap', 'slirp4netns']) {
      const { state, detail } = finding(name) ?? {};
      assert.ok(!detail?.includes(folder), detail);
      const isThere = ['/usr/bin', '/bin', '/usr/local/bin'].some((each) => existsSync(`${each}/${name}`));
      assert.equal(state, isThere ? 'ok' : 'note', name);
    }
  });

  it('says how a user gets subordinate ids', async () => {
    const { status, finding } = await doctor({ user: true });
    assert.equal(status, 0);
    const subuid = finding('/etc/subuid');
    if (isRoot) assert.match(subuid?.mend ?? '', /^usermod --add-subuids \d+-\d+ \S+$/);
    else assert.match(subuid?.detail ?? '', /gives this user/);
  });
});
