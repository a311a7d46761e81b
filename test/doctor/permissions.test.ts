/** What doctor and errors say of locks that this machine need not have: they are given as values. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { permissions } from '../../src/doctor/permissions.js';
import { likelyCause } from '../../src/sandbox/causes.js';
import { gatherCaller } from '../../src/sandbox/gather.js';
import type { Locks } from '../../src/sandbox/locks.js';
import { CLONE } from '../../src/syscalls/constants.js';
import { call } from '../../src/syscalls/steps.js';

const OPEN: Locks = {
  unprivilegedClone: undefined,
  apparmorRestriction: undefined,
  limit: () => 1000,
  filtered: false,
};

interface Lock {
  readonly locks: Partial<Locks>;
  readonly about: string;
  readonly what: RegExp;
  readonly mend: string;
}

const LOCKS: Readonly<Record<string, Lock>> = {
  "Debian's sysctl": {
    locks: { unprivilegedClone: 0 },
    about: 'user namespaces',
    what: /only root make user namespaces/,
    mend: 'sysctl kernel.unprivileged_userns_clone=1',
  },
  "AppArmor's restriction": {
    locks: { unprivilegedClone: 1, apparmorRestriction: 1 },
    about: 'user namespaces',
    what: /AppArmor keeps ordinary users/,
    mend: 'sysctl kernel.apparmor_restrict_unprivileged_userns=0',
  },
  'a limit that is 0': {
    locks: { limit: (kind) => (kind === 'user' ? 0 : 1000) },
    about: 'limits',
    what: /user\.max_user_namespaces is 0/,
    mend: 'sysctl user.max_user_namespaces=15000',
  },
  'a seccomp filter': {
    locks: { filtered: true },
    about: 'seccomp',
    what: /seccomp filter is in force/,
    mend: 'docker run --security-opt seccomp=unconfined',
  },
};

const unshareUser = call('unshare', [CLONE.NEWUSER], 'leave');

describe('what forbids namespaces', () => {
  for (const [title, { locks: some, about, what, mend }] of Object.entries(LOCKS)) {
    const locks = { ...OPEN, ...some };
    it(`is found by doctor: ${title}`, () => {
      const found = permissions(false, locks).find((finding) => finding.about === about);
      assert.equal(found?.state, 'lack');
      assert.match(found?.detail ?? '', what);
      assert.equal(found?.mend, mend);
    });

    it(`is the cause that an error names: ${title}`, () => {
      const errno = about === 'limits' ? 'ENOSPC' : 'EPERM';
      const text = likelyCause({ step: unshareUser, facts: gatherCaller(), locks }, errno);
      assert.match(text, what);
      assert.ok(text.includes(mend.replace(/^docker run /, '')), text);
    });
  }

  it('is nothing where all is open, and no more than a note where isol8 run works', () => {
    const states = (works: boolean, locks: Locks): string[] =>
      permissions(works, locks)
        .filter(({ about }) => about === 'user namespaces' || about === 'limits')
        .map(({ state }) => state);
    assert.deepEqual(states(false, OPEN), ['ok', 'ok']);
    assert.deepEqual(states(true, { ...OPEN, unprivilegedClone: 0 }), ['note', 'ok']);
  });
});
