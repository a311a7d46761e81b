/** isol8 run --net bridge of somebody who may not make links on the host. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { isol8, isRoot, start } from './cli-program.js';
import { describeWithOutside } from './own-outside.js';

const HERE = '203.0.113.1';
const NEIGHBOR = '203.0.113.2';

/** What the neighbour says to a line. */
async function ask(request: string): Promise<string> {
  const socket = connect(8000, NEIGHBOR);
  socket.write(`${request}\n`);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

const asWhom = 'exec 3<>/dev/tcp/203.0.113.2/8000; echo who >&3; cat <&3';

describeWithOutside(import.meta.url, 'isol8 run --net bridge', () => {
  if (isRoot) {
    before(() => execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/run']));
    it('is a bridge for root, with NAT to the world', async () => {
      const command = `${asWhom}; echo; ip -brief link show eth0`;
      const { stdout, stderr } = await isol8(['run', '--net', 'bridge', '--', 'bash', '-c', command]);
      assert.match(stdout, new RegExp(`^::ffff:${HERE.replaceAll('.', '\\.')}\neth0@`), stderr);
    });
    return;
  }

  const folder = mkdtempSync(join(tmpdir(), 'isol8-runtime-'));
  const env = { ...process.env, XDG_RUNTIME_DIR: folder };
  after(() => rmSync(folder, { recursive: true }));

  it('has a way out without root, names, and the name server of the host', async () => {
    const options = ['--name', 'web', '--alias', 'www', '--add-host', 'db:192.0.2.9'];
    const command = `${asWhom}; echo; hostname; for each in www db host.isol8.internal; do getent ahostsv4 $each | head -n 1; done; cat /etc/resolv.conf`;
    const { stdout, stderr, status } = await isol8(
      ['run', '--net', 'bridge', ...options, '--', 'bash', '-c', command],
      { env },
    );
    assert.equal(status, 0, stderr);
    const [from, name, www, db, host, resolver] = stdout.split('\n');
    assert.equal(from, `::ffff:${HERE}`);
    assert.equal(name, 'web');
    assert.match(www as string, /^10\.0\.2\.100 +STREAM web$/);
    assert.match(db as string, /^192\.0\.2\.9 +STREAM db$/);
    assert.match(host as string, /^203\.0\.113\.1 +STREAM host\.isol8\.internal$/);
    assert.equal(resolver, 'nameserver 10.0.2.3');
    assert.deepEqual(readdirSync(folder), []);
  });

  it('publishes ports', async () => {
    const server =
      'require("net").createServer(c => c.on("error", () => {}).once("data", () => c.end("inside"))).listen(80, () => console.log("up"))';
    const child = start(['run', '--net', 'bridge', '-p', '8080:80', '--', process.execPath, '-e', server], {
      env,
    });
    assert.equal(String(await once(child.stdout as NonNullable<typeof child.stdout>, 'data')), 'up\n');
    assert.equal(await ask(`tcp ${HERE} 8080`), 'inside');
    const second = await isol8(['run', '--net', 'bridge', '-p', '8080:80', '--', 'true'], { env });
    assert.match(second.stderr, /EADDRINUSE/);
    child.kill();
    await once(child, 'close');
    assert.equal(await ask(`tcp ${HERE} 8080`), 'ECONNREFUSED');
  });

  it('leaves names behind when it is killed, which gc removes', async () => {
    const child = start(['run', '--net', 'bridge', '--', 'sh', '-c', 'echo up; exec sleep 1000'], { env });
    assert.equal(String(await once(child.stdout as NonNullable<typeof child.stdout>, 'data')), 'up\n');
    const [names] = readdirSync(folder);
    assert.match(names as string, /^isol8-names-/);
    const path = join(folder, names as string);
    const before = await isol8(['gc'], { env });
    assert.deepEqual([before.stdout.includes(path), before.status], [false, 0], before.stderr);
    child.kill('SIGKILL');
    await once(child, 'close');
    const { stdout, stderr } = await isol8(['gc'], { env });
    assert.match(stdout, new RegExp(`^removed names +${path} +their process is dead$`, 'm'), stderr);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('is loopback only where nothing carries packets, and says what to install', async () => {
    const hidden = ['unshare', '--user', '--map-current-user', '--keep-caps', '--mount', 'sh', '-ec'];
    const hide =
      'for each in /usr/bin/slirp4netns /usr/bin/pasta; do test -e $each && mount --bind /dev/null $each; done; exec setpriv --ambient-caps=-all --inh-caps=-all "$@"';
    const behind = [...hidden, hide, 'sh'];
    // Not /sys/class/net, which shows the links of whoever has mounted it.
    const links = ['cut', '-s', '-d:', '-f1', '/proc/net/dev'];
    const { stdout, stderr, status } = await isol8(['run', '--net', 'bridge', '--', ...links], {
      env,
      behind,
    });
    assert.equal(status, 0, stderr);
    // A kernel may have tunnels of its own accord in each namespace.
    const names = stdout.split('\n').map((name) => name.trim());
    assert.deepEqual(
      names.filter((name) => /^(lo|eth|tap)/.test(name)),
      ['lo'],
    );
    assert.match(stderr, /loopback only: .*apt-get install slirp4netns, or passt$/m);
    const published = await isol8(['run', '--net', 'bridge', '-p', '80', '--', 'true'], { env, behind });
    assert.notEqual(published.status, 0);
    assert.match(published.stderr, /apt-get install/);
  });

  it('refuses what takes a bridge', async () => {
    for (const option of ['--ip=10.0.2.9', '--ip6=fd00::9', '--mac=02:00:00:00:00:09']) {
      const { status, stderr } = await isol8(['run', '--net', 'bridge', option, '--', 'true'], { env });
      assert.notEqual(status, 0);
      assert.match(stderr, /^isol8 run: --(ip6?|mac): takes a bridge/m);
    }
    const { stderr } = await isol8(['run', '--net', 'other', '--', 'true'], { env });
    assert.match(stderr, /^isol8 run: --net other: EPERM\. /m);
  });
});
