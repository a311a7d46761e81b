/**
 * For tests that keep namespaces or make networks: they run once more, as a whole, by root in a mount namespace of their own
 * with an empty /run, so that nothing of the machine's is seen or changed. An ordinary user is root of a user namespace there.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { environmentAgain, testAgain } from './again.js';
import { isRoot } from './caller.js';

const root = new URL('../..', import.meta.url).pathname;
const MARK = 'ISOL8_TEST_OWN_MOUNTS';

/**
 * Since Linux 6.18 each processor numbers mnt namespaces from a range of its own, and one can be kept only where the
 * number is smaller: on one processor that is always so for what is older.
 */
const processor = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';

/** A network made before its user namespace has a map keeps files in /proc/net that nobody in there may read. */
const asTheirRoot = isRoot ? [] : ['unshare', '--user', '--map-root-user', '--map-auto'];

const unshared = (kinds: readonly string[], shell: string): readonly string[] => [
  ...asTheirRoot,
  ...['unshare', ...kinds, '--propagation', 'private', 'sh', '-ec', shell, 'sh'],
];

/** The command line that puts another behind it into such a mount namespace. */
export const ownMounts: readonly string[] = unshared(
  ['--mount', '--net'],
  'mount -t tmpfs tmpfs /run; exec "$@"',
);

/** The same with processes of its own: nothing that is not the test's can be found. */
const ownProcesses: readonly string[] = unshared(
  ['--mount', '--net', '--pid', '--kill-child', '--mount-proc'],
  'mount -t tmpfs tmpfs /run; "$@"', // the shell stays, and reaps
);

export function describeWithOwnProcesses(file: string, title: string, tests: () => void): void {
  describeBehind(ownProcesses, { file, title, tests });
}

export function describeInOwnMounts(file: string, title: string, tests: () => void): void {
  describeBehind(ownMounts, { file, title, tests });
}

/** There every namespace can be kept, mnt ones too. */
export function describeOnOneProcessor(file: string, title: string, tests: () => void): void {
  describeBehind(['taskset', '-c', processor, ...ownMounts], { file, title, tests });
}

interface Again {
  readonly file: string;
  readonly title: string;
  readonly tests: () => void;
}

function describeBehind(behind: readonly string[], { file, title, tests }: Again): void {
  if (process.env[MARK] !== undefined) {
    describe(title, tests);
    return;
  }
  it(`${title}, in mounts of their own`, () => {
    const [command, ...args] = [...behind, ...testAgain(file)] as [string, ...string[]];
    const options = { cwd: root, env: { ...environmentAgain(), [MARK]: '1' }, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync(command, args, options);
    assert.equal(status, 0, stdout + stderr);
  });
}
