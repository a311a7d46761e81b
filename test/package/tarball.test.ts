import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'isol8-tarball-'));
const tree = join(scratch, 'tree');
const consumer = join(scratch, 'consumer');
const installed = join(consumer, 'node_modules/isol8');
const npm = findOnPath('npm');

/** All that the installed package finds on PATH: no compiler, no npm. */
const bareEnvironment = { PATH: join(scratch, 'bin'), HOME: scratch };

/** Set when this machine cannot compile for the other processor. */
let missingArchitecture: string | undefined;

function findOnPath(name: string): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  assert.ok(found, `${name} is not on PATH`);
  return realpathSync(found);
}

/** npm as a user starts it, without what an enclosing `npm test` tells its scripts about another package. */
function runNpm(folder: string, parameters: string[], path = process.env.PATH) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^npm_(package_|lifecycle_|command|execpath|config_local_prefix|config_prefix)/.test(name),
  );
  return spawnSync(process.execPath, [npm, ...parameters], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 100_000,
    env: { ...Object.fromEntries(inherited), PATH: path },
  });
}

/** A copy, because packing rebuilds dist and prebuilds, which other tests are using. */
function copyTree(): void {
  const left = new Set(['.git', 'node_modules', 'dist', 'build', 'prebuilds']);
  cpSync(root, tree, { recursive: true, filter: (path) => !left.has(basename(path)) });
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
}

function packTree(): string {
  const packing = ['pack', '--pack-destination', scratch];
  let packed = runNpm(tree, packing);
  if (packed.status !== 0 && packed.stderr.includes('no C compiler for Linux')) {
    missingArchitecture =
      packed.stderr.split('\n').find((line) => line.includes('no C compiler')) ?? 'unknown';
    const built = spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: tree, encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    packed = runNpm(tree, [...packing, '--ignore-scripts']);
  }
  assert.equal(packed.status, 0, `npm pack: ${packed.stdout}${packed.stderr}`);
  const tarball = readdirSync(scratch).find((name) => name.endsWith('.tgz'));
  assert.ok(tarball, 'npm pack wrote no tarball');
  return join(scratch, tarball);
}

function installTarball(tarball: string): void {
  mkdirSync(consumer);
  mkdirSync(bareEnvironment.PATH);
  symlinkSync(process.execPath, join(bareEnvironment.PATH, 'node'));
  symlinkSync(findOnPath('sh'), join(bareEnvironment.PATH, 'sh'));
  writeFileSync(join(consumer, 'package.json'), '{ "private": true, "type": "module" }\n');
  const parameters = ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', tarball];
  const { status, stderr } = runNpm(consumer, parameters, bareEnvironment.PATH);
  assert.equal(status, 0, `npm install: ${stderr}`);
}

function runInstalled(command: string, parameters: string[]) {
  return spawnSync(command, parameters, {
    cwd: consumer,
    encoding: 'utf8',
    timeout: 100_000,
    env: bareEnvironment,
  });
}

describe('the packed tarball', () => {
  before(() => {
    copyTree();
    installTarball(packTree());
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  test('holds the addon and the launcher for x64 and arm64', (t) => {
    if (missingArchitecture !== undefined) {
      t.skip(missingArchitecture);
      return;
    }
    for (const folder of ['linux-x64', 'linux-arm64']) {
      assert.deepEqual(readdirSync(join(installed, 'prebuilds', folder)).sort(), [
        'isol8-launcher',
        'isol8.node',
      ]);
    }
  });

  test('has no install script and holds only what a user needs', () => {
    const { scripts } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    for (const name of ['preinstall', 'install', 'postinstall']) {
      assert.equal(scripts?.[name], undefined, name);
    }
    const documents = /^(README|LICENSE|CHANGELOG)(\.md)?$/;
    const others = readdirSync(installed).filter((name) => !documents.test(name));
    assert.deepEqual(others.sort(), ['dist', 'package.json', 'prebuilds']);
    assert.ok(existsSync(join(installed, 'dist/index.d.ts')), 'the types are missing');
  });

  test('runs a command in new namespaces without a compiler', () => {
    const program = join(consumer, 'node_modules/.bin/isol8');
    const { status, stdout, stderr } = runInstalled(program, ['run', '--', 'sh', '-c', 'echo $$; exit 7']);
    assert.deepEqual({ status, stdout }, { status: 7, stdout: '2\n' }, stderr);
  });

  test('is a few files, which a process with few descriptors can import', () => {
    const shell = ['-c', 'ulimit -n 64; exec node --input-type=module --eval "import \'isol8\'"'];
    const { status, stderr } = runInstalled('sh', shell);
    assert.equal(status, 0, stderr);
  });

  test('is imported as an ES module and runs a command', () => {
    const script = `
      import { run } from 'isol8';
      const result = await run(['sh', '-c', 'read name < /proc/sys/kernel/hostname; echo $name; echo $$'],
        { namespaces: 'all', hostname: 'children' });
      process.stdout.write(JSON.stringify([result.stdout, result.exitCode]));
    `;
    const { stdout, stderr } = runInstalled('node', ['--input-type=module', '-e', script]);
    assert.equal(stdout, JSON.stringify(['children\n2\n', 0]), stderr);
  });
});
