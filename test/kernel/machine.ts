/** That a test file leaves the machine as it was: to be called once at its top. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before } from 'node:test';
import { trySyscall } from '../../src/syscalls/binding.js';
import { children, readProc, whenNone } from './lifecycle-census.js';
import { machineNetwork, networkChanges } from './machine-network.js';

const PR_SET_CHILD_SUBREAPER = 36;

/** Orphans of anything that is started here become children of this process, where they are seen. */
export function leaveMachineAsItWas(): void {
  let found: ReturnType<typeof look>;
  before(() => {
    trySyscall('prctl', PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    found = look();
  });
  after(async () => {
    const now = look();
    assert.deepEqual(now.mounts, found.mounts, 'mounts were left');
    assert.deepEqual(await whenNone(liveChildren), [], 'processes were left');
    assert.deepEqual(networkChanges(found.network, now.network), []);
    assert.deepEqual(now.namespaces, found.namespaces, 'this process is in other namespaces');
  });
}

function look() {
  return {
    mounts: readFileSync('/proc/self/mountinfo', 'utf8'),
    namespaces: readdirSync('/proc/self/ns').sort().join(),
    network: machineNetwork(),
  };
}

/** What is no zombie; "PID (name) state". */
function liveChildren(): string[] {
  return children()
    .map((pid) => readProc(`${pid}/stat`).split(' ').slice(0, 3).join(' '))
    .filter((line) => line !== '' && !line.endsWith(' Z') && !line.includes('(esbuild)'));
}
