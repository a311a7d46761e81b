import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readlinkSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { createNamespaces, type RunSpec, run, unshare, withNamespace } from '../../src/index.js';
import { describeAsRoot } from './caller.js';
import { descriptors } from './lifecycle-census.js';

const output = async (script: string, spec: RunSpec = {}): Promise<string> => {
  const { stdout, stderr } = await run(['sh', '-c', script], spec);
  return `${stdout}${stderr}`.trim();
};

/** Each in its own order: this thread stays in the mnt namespace that it makes. */
describeAsRoot(import.meta.url, 'a thread in a mnt namespace of its own', () => {
  const [home, mask] = [process.cwd(), process.umask()];
  const folder = mkdtempSync(join(tmpdir(), 'isol8-thread-'));
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];

  before(async () => {
    await run(['true']); // what starts programs is there, and stands where this thread stood then
    for (const place of [first, second]) {
      mkdirSync(join(place, 'data'), { recursive: true });
      writeFileSync(join(place, 'data', 'name'), place);
    }
    process.chdir(first);
    unshare(['mnt']);
    process.chdir(second);
    process.umask(0o77);
    execFileSync('mount', ['--make-rprivate', '/']);
  });
  after(() => {
    process.chdir(home);
    process.umask(mask);
    execFileSync('sh', ['-c', `umount ${folder}/first 2>/dev/null; true`]);
    rmSync(folder, { recursive: true });
  });

  const specs: Record<string, RunSpec> = {
    'no new namespace': { namespaces: [] },
    'a new pid namespace': { namespaces: ['pid'] },
    'a new user namespace': { namespaces: ['user'] },
    'a new mnt namespace': { namespaces: ['mnt'] },
    'eight new namespaces': {},
    'a shared one besides': { namespaces: { mnt: 'shared' } },
  };
  for (const [title, spec] of Object.entries(specs))
    it(`gives programs with ${title} its working directory and its umask`, async () => {
      assert.equal(await output('pwd -P; umask; cat data/name', spec), `${second}\n0077\n${second}`);
      assert.equal(await output('umask; cat name', { ...spec, cwd: 'data', umask: 0o22 }), `0022\n${second}`);
    });

  it('has paths looked up where it stands', async () => {
    const mounts: RunSpec['mounts'] = [{ type: 'bind', source: 'data', destination: '/mnt' }];
    assert.equal(await output('cat /mnt/name; pwd -P; umask', { mounts }), `${second}${second}\n0077`);
  });

  it('gives them the mounts that it has', async () => {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', first]);
    writeFileSync(join(first, 'name'), 'on a tmpfs');
    for (const spec of Object.values(specs))
      assert.equal(await output(`cat ${first}/name`, spec), 'on a tmpfs');
    using made = await createNamespaces(['mnt']);
    const { mnt } = made as Required<typeof made>;
    assert.equal(await output(`cat ${first}/name`, { namespaces: { mnt } }), 'on a tmpfs');
    execFileSync('umount', [first]);
  });

  it('stands where it stood when it comes back from another', async () => {
    using made = await createNamespaces(['mnt']);
    const { mnt } = made as Required<typeof made>;
    const place = (): string => readlinkSync('/proc/thread-self/cwd');
    assert.deepEqual([withNamespace(mnt, place), place()], ['/', second]);
    assert.throws(() => withNamespace(mnt, () => assert.fail('of the function')), /of the function/);
    assert.throws(() => withNamespace({ kind: 'mnt', fd: 0 }, () => assert.fail('it ran')), {
      code: 'EINVAL',
    });
    assert.equal(place(), second);
  });

  it('starts them in a directory that has been removed, as fork does', async () => {
    mkdirSync('gone');
    process.chdir('gone');
    rmdirSync(join(second, 'gone'));
    const { stdout } = await run(['readlink', '/proc/self/cwd'], { namespaces: ['uts'] });
    assert.match(stdout, /gone \(deleted\)\n$/);
    process.chdir(second);
  });

  it('leaves no descriptor', async () => {
    const found = descriptors();
    for (const spec of Object.values(specs)) await run(['true'], spec);
    await assert.rejects(run(['/nowhere'], { namespaces: ['pid'] }), { code: 'ENOENT' });
    assert.deepEqual(descriptors(), found);
  });
});
