/** isol8 net, and what isol8 run says about the options of a network. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isol8 } from './cli-program.js';
import { answersOn, ip } from './network-world.js';
import { nft } from './nft.js';
import { describeInOwnMounts } from './own-mounts.js';

async function fails(args: readonly string[], said: RegExp): Promise<void> {
  const { status, stderr } = await isol8(args);
  assert.match(stderr, said, args.join(' '));
  assert.notEqual(status, 0);
}

describeInOwnMounts(import.meta.url, 'isol8 net', () => {
  const children: ReturnType<typeof spawn>[] = [];
  const pids: Record<string, string> = {};

  before(async () => {
    ip('link', 'set', 'lo', 'up');
    for (const network of ['web', 'other']) assert.equal((await isol8(['net', 'create', network])).status, 0);
    for (const [name, network] of [
      ['api', 'web'],
      ['client', 'web'],
      ['stranger', 'other'],
    ] as const) {
      const child = spawn('unshare', ['--net', 'sh', '-c', 'echo up; exec sleep 1000']);
      children.push(child);
      await once(child.stdout, 'data');
      pids[name] = String(child.pid);
      const connected = await isol8(['net', 'connect', network, pids[name] as string, '--name', name]);
      assert.equal(connected.status, 0, connected.stderr);
    }
  });
  after(async () => {
    for (const child of children) child.kill();
    for (const network of ['web', 'other']) await isol8(['net', 'rm', network, '--force']);
  });

  it('finds members by name where the namespace is', async () => {
    const inClient = ['--in', pids.client as string];
    const ping = await isol8(['net', 'ping', 'api', '--count', '1', ...inClient]);
    assert.match(ping.stdout, /^172\.16\.0\.2: answer in /, ping.stderr);
    assert.match((await isol8(['net', 'ping', 'api', '--count', '1'])).stdout, /^172\.16\.0\.2: answer in /);
    const refused = await isol8(['net', 'probe', 'api', '80', ...inClient]);
    assert.deepEqual([refused.stdout, refused.status], ['172.16.0.2 80: ECONNREFUSED\n', 1], refused.stderr);
    await using _server = await answersOn(undefined, '172.16.0.1', 8000);
    const host = await isol8(['net', 'probe', 'host.isol8.internal', '8000', ...inClient]);
    assert.match(host.stdout, /^172\.16\.0\.1 8000: accepted in /, host.stderr);
    await fails(
      ['net', 'probe', 'api', '80', '--in', pids.stranger as string],
      /^isol8 net: there is no api in a network/,
    );
    await fails(['net', 'ping', 'nobody.invalid'], /^isol8 net: there is no nobody\.invalid here/);
    const linkLocal = await isol8(['net', 'probe', 'fe80::1', '80']);
    assert.deepEqual([linkLocal.stdout, linkLocal.status], ['', 125]);
    const unreached = await isol8(['net', 'probe', '2001:db8::1', '80', ...inClient]);
    assert.deepEqual([unreached.stdout, unreached.status], ['2001:db8::1 80: ENETUNREACH\n', 1]);
  });

  it('tells of what is left of a member as isol8 gc does', async () => {
    const child = spawn('unshare', ['--net', 'sh', '-c', 'echo up; exec sleep 1000']);
    await once(child.stdout, 'data');
    const connected = await isol8(['net', 'connect', 'other', String(child.pid), '--ip', '172.16.16.77']);
    assert.equal(connected.status, 0, connected.stderr);
    child.kill();
    await once(child, 'exit');
    const row = /^would remove member {2}other 172\.16\.16\.77 {2}\S.*\n$/;
    let found = '';
    for (let tries = 0; found === '' && tries < 50; tries++) {
      found = (await isol8(['net', 'gc', '--dry-run'])).stdout;
      if (found === '') await sleep(100); // the kernel takes a namespace down in its own time
    }
    assert.match(found, row);
    assert.equal((await isol8(['gc', '--dry-run'])).stdout, found);
    const removed = await isol8(['net', 'gc']);
    assert.equal(removed.stdout, found.replace('would remove', 'removed'), removed.stderr);
  });

  it('says when no answer came, and which ports there are', async () => {
    nft(
      ['-f', '-'],
      'table inet deaf {\n chain in {\n type filter hook input priority 0;\n tcp dport 8001 drop\n }\n}\n',
    );
    const { stdout, stderr, status } = await isol8([
      'net',
      'probe',
      '127.0.0.1',
      '8001',
      '--timeout',
      '200ms',
    ]);
    nft(['delete', 'table', 'inet', 'deaf']);
    assert.deepEqual([stdout, stderr, status], ['127.0.0.1 8001: no answer\n', '', 1]);
    for (const port of ['0', '70000', '-1', 'http'])
      await fails(['net', 'probe', '127.0.0.1', '--', port], /^isol8 net: PORT: '?\S+ is not /);
  });

  it('says of a bridge in the way of the default network what create says', async () => {
    ip('link', 'add', 'i8-bridge', 'type', 'bridge');
    try {
      const said = /its bridge would be called i8-bridge.*ip link delete i8-bridge/;
      await fails(['net', 'create', 'bridge'], said);
      await fails(['run', '--net', 'bridge', 'true'], said);
    } finally {
      ip('link', 'delete', 'i8-bridge');
    }
  });

  it('makes no network that isol8 run --net could not name', async () => {
    for (const name of ['host', 'none']) {
      await fails(
        ['net', 'create', name],
        new RegExp(`^isol8 net: NAME: ${name} means something else to isol8 run --net`),
      );
      await fails(['net', 'create', name, '--explain'], /^isol8 net: NAME: /);
    }
  });

  it('removes all the networks that are named, or none', async () => {
    for (const name of ['one', 'two']) assert.equal((await isol8(['net', 'create', name])).status, 0);
    await fails(['net', 'rm', 'one', 'nosuch', 'two'], /there is no network nosuch/);
    assert.equal((await isol8(['net', 'inspect', 'one', 'two'])).status, 0);
    const { status, stderr } = await isol8(['net', 'rm', 'one', 'two', 'one']);
    assert.equal(status, 0, stderr);
    await fails(['net', 'inspect', 'one'], /there is no network one/);
    await fails(['net', 'inspect', 'two'], /there is no network two/);
  });

  it('refuses no packets, and --json where nothing is printed so', async () => {
    for (const count of ['0', '-1'])
      await fails(['net', 'ping', '127.0.0.1', '-c', count], /^isol8 net: --count: must be at least 1/);
    for (const args of [
      ['ping', '127.0.0.1'],
      ['probe', '127.0.0.1', '9'],
      ['rm', 'web'],
      ['disconnect', 'web', 'api'],
    ])
      await fails(
        ['net', ...args, '--json'],
        new RegExp(`^isol8 net: option '--json' is not for ${args[0]}`),
      );
  });

  it('names options, as isol8 run does', async () => {
    const run = (...options: string[]): string[] => ['run', '--net', 'web', ...options, '--', 'true'];
    await fails(run('--mac', 'x'), /^isol8 run: --mac: must be of the form/);
    await fails(run('--add-host', 'db:x'), /^isol8 run: --add-host: must be an IP address/);
    await fails(run('-p', 'x'), /^isol8 run: --publish: "x" is not of the form/);
    await fails(run('--ip', 'x'), /^isol8 run: --ip: must be an IPv4 address/);
    await fails(run('--name', 'localhost', '--share', 'uts'), /^isol8 run: --name: means something else/);
    await fails(['run', '--net', 'a b', '--', 'true'], /^isol8 run: --net: must be 1 to 63 letters/);
    await fails(['net', 'create', 'a b'], /^isol8 net: name: must be 1 to 63/);
    await fails(
      ['net', 'connect', 'web', pids.stranger as string, '--name', 'localhost'],
      /^isol8 net: --name: means something else/,
    );
    await fails(
      ['net', 'create', 'far', '--vxlan', 'id=5,remote=192.0.2.1,id=6'],
      /^isol8 net: --vxlan: id= is given twice/,
    );
    await fails(
      ['net', 'connect', 'web', String(process.pid)],
      /^isol8 net: target: network web is in this namespace/,
    );
  });
});
