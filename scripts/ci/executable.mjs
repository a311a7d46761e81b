/** build/isol8 as its users meet it, a hostile working directory and temporary folder included. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { root } from '../compile/root.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'isol8-executable-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

function isol8(parameters, { folder = scratch, environment = {} } = {}) {
  return spawnSync(join(root, 'build/isol8'), parameters, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 30_000,
    // No node and no bun to be found.
    env: { PATH: '/nonexistent', HOME: scratch, ...environment },
  });
}

function makeFolder(name) {
  const folder = join(scratch, name);
  mkdirSync(folder);
  return folder;
}

test('runs a program in new namespaces and passes its exit status on', () => {
  const { status, stdout, stderr } = isol8(['run', '--', '/bin/sh', '-c', 'echo $$; exit 7']);
  assert.deepEqual({ status, stdout }, { status: 7, stdout: '2\n' }, stderr);
});

test('passes on arguments and variables that are no UTF-8', () => {
  for (const command of ['run', 'run --timeout 1m', 'unshare -r', 'enter -t $$ -w.']) {
    const script = `X="$(printf '\\351')" "$0" ${command} /bin/sh -c 'printf "%s " "$X" "$1"' sh "$(printf '\\376:\\303\\251')"`;
    const { stdout, stderr } = spawnSync('sh', ['-c', script, join(root, 'build/isol8')], {
      encoding: 'latin1',
      timeout: 30_000,
    });
    assert.equal(stdout, '\xe9 \xfe:\xc3\xa9 ', `${command}: ${stderr}`);
  }
});

test('probes whether a port accepts, and tells a failure of its own by its status', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = String(server.address().port);
  const probe = (...more) => isol8(['net', 'probe', '127.0.0.1', port, ...more]);
  const accepted = probe();
  server.close();
  await once(server, 'close');
  const refused = probe();
  const failed = probe('--in', '/nonexistent');

  assert.match(accepted.stdout, /^127\.0\.0\.1 \d+: accepted in [\d.]+ ms\n$/, accepted.stderr);
  assert.deepEqual([refused.stdout, refused.status], [`127.0.0.1 ${port}: ECONNREFUSED\n`, 1]);
  assert.deepEqual([failed.stdout, failed.status], ['', 125]);
  assert.match(failed.stderr, /^isol8 net: .*nonexistent/);
});

test('leaves signals ignored that its caller ignores', () => {
  for (const command of ['run', 'run --timeout 1m', 'unshare -r', 'enter -t $$ -w.']) {
    const ignored = (before) => {
      const script = `${before} "$0" ${command} /bin/grep SigIgn /proc/self/status`;
      const { stdout } = spawnSync('sh', ['-c', script, join(root, 'build/isol8')], {
        encoding: 'utf8',
        timeout: 30_000,
      });
      return stdout.replace(/^SigIgn:\t0*/, '');
    };
    assert.equal(ignored("trap '' HUP INT QUIT USR1 TERM;"), '4207\n', command);
    assert.equal(ignored(''), '\n', command);
  }
});

test('runs no code and takes no variable from the working directory', () => {
  const folder = makeFolder('hostile');
  const proof = join(folder, 'code-ran');
  const evil = `require('node:fs').writeFileSync(${JSON.stringify(proof)}, '');`;
  writeFileSync(join(folder, 'evil.cjs'), evil);
  writeFileSync(join(folder, 'bunfig.toml'), 'preload = ["./evil.cjs"]\n[run]\npreload = ["./evil.cjs"]\n');
  writeFileSync(join(folder, '.env'), 'ISOL8_PLANTED=1\nBUN_OPTIONS=--preload=./evil.cjs\n');
  writeFileSync(join(folder, 'package.json'), '{ "main": "evil.cjs" }');
  writeFileSync(join(folder, 'isol8.node'), 'not an addon');

  const { status, stdout, stderr } = isol8(['run', '--', '/usr/bin/env'], { folder });

  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stdout, /ISOL8_PLANTED|BUN_OPTIONS/);
  assert.equal(existsSync(proof), false, 'code from the working directory ran');
});

test('does not load an addon that another user has planted', {
  skip: process.getuid() !== 0 && 'needs root',
}, () => {
  const folder = makeFolder('shared');
  chmodSync(folder, 0o1777);
  const environment = { BUN_TMPDIR: folder };
  assert.equal(isol8(['run', '--', '/bin/true'], { environment }).status, 0);
  const [unpacked] = readdirSync(folder).map((name) => join(folder, name));
  assert.ok(unpacked, 'nothing was unpacked: this test no longer tests anything');
  writeFileSync(unpacked, Buffer.alloc(statSync(unpacked).size, 'x'));
  chownSync(unpacked, 65534, 65534);

  const { status, stderr } = isol8(['run', '--', '/bin/true'], { environment });

  assert.equal(status, 0, stderr);
  assert.equal(statSync(unpacked).uid, 0);
});

test('names cause and remedy when it cannot unpack the addon', () => {
  const { status, stderr } = isol8(['run', '--', '/bin/true'], { environment: { BUN_TMPDIR: '/proc' } });
  assert.equal(status, 125, stderr);
  assert.match(stderr, /noexec.*BUN_TMPDIR/s);
});
