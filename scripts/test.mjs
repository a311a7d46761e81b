/**
 * `npm test [-- PATH… --node-option…]`: runs test/**\/*.test.ts, or the files whose path holds one of the words.
 * With MUST_WORK=1 a skipped test is a failure. So is a network of the machine that is not as it was before.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { tsImport } from 'tsx/esm/api';
import { root } from './compile/root.mjs';
import { testCheckout } from './test-checkout.mjs';

const { machineNetwork, networkChanges } = await tsImport(
  '../test/kernel/machine-network.ts',
  import.meta.url,
);

const testSeconds = 120;
const fileSeconds = 300;

/** Every test file, as a path from the root. Listed here, since node's own globs differ by version. */
function findTests(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      return findTests(path);
    }
    return entry.name.endsWith('.test.ts') ? [path] : [];
  });
}

/** A word with ! before it leaves out the files that have it in their path. */
function selectTests(words) {
  const unwanted = words.filter((word) => word.startsWith('!')).map((word) => word.slice(1));
  const wanted = words.filter((word) => !word.startsWith('!'));
  const tests = findTests('test')
    .sort()
    .filter((test) => !unwanted.some((word) => test.includes(word)));
  if (wanted.length === 0) {
    return tests;
  }
  const paths = wanted.map((word) => relative(root, resolve(word)));
  return tests.filter((test) => paths.some((path, i) => test.startsWith(path) || test.includes(wanted[i])));
}

/**
 * Node 24 gives every test of a file its own limit; Node 20 and 22 count the whole file and kill it. Where only
 * tests are limited, a file that never ends is stopped by test-deadline.mjs, which names what it waits for.
 */
function limits() {
  const perTest = Number(process.versions.node.split('.')[0]) >= 24;
  return [
    `--test-timeout=${(perTest ? testSeconds : fileSeconds + 10) * 1000}`,
    `--test-concurrency=${Math.max(2, availableParallelism())}`,
  ];
}

function runTests(tests, options) {
  const network = machineNetwork();
  const { folder, remove } = testCheckout(root);
  const parameters = [
    ...['--enable-source-maps', '--import', './scripts/test-deadline.mjs'],
    ...['--test', '--test-reporter=./scripts/must-work-reporter.mjs', '--test-reporter-destination=stdout'],
    ...limits(),
    ...options,
    ...tests.map((path) => path.replace(/\.ts$/, '.js')),
  ];
  const node = process.execPath.replace(`${root}/`, `${folder}/`);
  const child = spawn(node, parameters, {
    cwd: folder,
    stdio: 'inherit',
    env: { ...process.env, ISOL8_TEST_FILE_SECONDS: String(fileSeconds) },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('exit', (code) => {
    remove();
    const changes = networkChanges(network, machineNetwork());
    for (const change of changes) {
      console.error(`isol8: ${change}`);
    }
    process.exitCode = changes.length > 0 ? 1 : (code ?? 1);
  });
}

const words = process.argv.slice(2);
const tests = selectTests(words.filter((word) => !word.startsWith('-')));
if (tests.length === 0) {
  console.error(`isol8: no test file found under test/ for: ${words.join(' ') || 'everything'}`);
  process.exitCode = 1;
} else {
  runTests(
    tests,
    words.filter((word) => word.startsWith('-')),
  );
}
