import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpecError } from '../../src/foundation/errors.js';
import type { IdFacts, IdMapNames } from '../../src/ids/facts.js';
import type { IdRange } from '../../src/ids/ranges.js';
import {
  type IdMapChoice,
  type ResolvedIdMap,
  resolveIdMap,
  setgroupsPolicy,
} from '../../src/ids/resolve.js';

const users = { field: 'mapUsers', kind: 'user' } as const;
const groups = { field: 'mapGroups', kind: 'group' } as const;
const line = (inner: number, outer: number, count: number): IdRange => ({ inner, outer, count });

const root: IdFacts = {
  id: 0,
  privileged: true,
  setfcap: true,
  available: [line(0, 0, 4_294_967_295)],
  subordinate: [],
  newidmap: undefined,
};
const alice: IdFacts = {
  ...root,
  id: 1000,
  privileged: false,
  setfcap: false,
  subordinate: [{ start: 100_000, count: 65_536 }],
  newidmap: '/usr/bin/newuidmap',
};
const poor: IdFacts = { ...alice, subordinate: [], newidmap: undefined };

function refuses(
  choice: IdMapChoice,
  facts: IdFacts,
  expected: { field?: string; problem: RegExp },
  names: IdMapNames = users,
) {
  assert.throws(
    () => resolveIdMap(choice, facts, names),
    (error) => {
      assert.ok(error instanceof SpecError);
      assert.equal(error.field, expected.field ?? names.field);
      assert.match(error.message, expected.problem);
      return true;
    },
  );
}

function gives(
  choice: IdMapChoice,
  facts: IdFacts,
  ranges: readonly IdRange[],
  writer: ResolvedIdMap['writer'],
) {
  assert.deepEqual(resolveIdMap(choice, facts, users), { ranges, writer });
}

describe('the default map', () => {
  it('is the identity over every id for root', () => {
    gives('default', root, [line(0, 0, 4_294_967_295)], 'direct');
    gives(
      'default',
      { ...root, available: [line(0, 100_000, 10), line(20, 5, 1)] },
      [line(0, 0, 10), line(20, 20, 1)],
      'direct',
    );
  });

  it('is root and the subordinate ids for an ordinary user who has newuidmap and such ids', () => {
    gives('default', alice, [line(0, 1000, 1), line(1, 100_000, 65_536)], 'newidmap');
  });

  it('is root alone for an ordinary user who lacks either, or whose subordinate ids do not exist here', () => {
    gives('default', poor, [line(0, 1000, 1)], 'direct');
    gives('default', { ...alice, newidmap: undefined }, [line(0, 1000, 1)], 'direct');
    gives('default', { ...alice, subordinate: [] }, [line(0, 1000, 1)], 'direct');
    gives('default', { ...alice, available: [line(0, 100_000, 65_536)] }, [line(0, 1000, 1)], 'direct');
  });

  it('treats root without CAP_SETUID as an ordinary user', () => {
    gives('default', { ...root, privileged: false }, [line(0, 0, 1)], 'direct');
  });
});

describe('the named maps', () => {
  it('map the caller to root, to itself, or nobody', () => {
    gives('root', poor, [line(0, 1000, 1)], 'direct');
    gives('current', poor, [line(1000, 1000, 1)], 'direct');
    gives('none', poor, [], 'none');
    gives([], poor, [], 'none');
  });

  it('auto lines the subordinate ids up behind root, each id once', () => {
    const subordinate = [
      { start: 300_000, count: 10 },
      { start: 100_000, count: 5 },
      { start: 100_003, count: 4 },
      { start: 999, count: 3 },
    ];
    gives(
      'auto',
      { ...alice, subordinate },
      [line(0, 1000, 1), line(1, 300_000, 10), line(11, 100_000, 7), line(18, 999, 1), line(19, 1001, 1)],
      'newidmap',
    );
    gives(
      'auto',
      { ...root, subordinate: [{ start: 7, count: 2 }] },
      [line(0, 0, 1), line(1, 7, 2)],
      'direct',
    );
  });

  it('auto leaves out ids that this namespace lacks and splits where its own map has a new line', () => {
    const available = [line(0, 0, 100_010), line(100_010, 200_000, 10)];
    gives(
      'auto',
      { ...alice, available },
      [line(0, 1000, 1), line(1, 100_000, 10), line(11, 100_010, 10)],
      'newidmap',
    );
  });

  it('subids keep their numbers', () => {
    gives('subids', alice, [line(100_000, 100_000, 65_536)], 'newidmap');
  });

  it('need subordinate ids where they are made of them', () => {
    for (const choice of ['auto', 'subids'] as const) {
      refuses(choice, poor, { problem: /\/etc\/subuid gives this user none; .*usermod --add-subuids/ });
      refuses(
        choice,
        { ...alice, available: [line(0, 0, 2000)] },
        { problem: /none that \/etc\/subuid gives .* exist/ },
      );
    }
    refuses('auto', poor, { problem: /\/etc\/subgid gives this user none; .*--add-subgids/ }, groups);
  });

  it('need newuidmap where they are made of subordinate ids', () => {
    refuses(
      'auto',
      { ...alice, newidmap: undefined },
      { problem: /needs newuidmap, which is not installed \(Debian package uidmap\)/ },
    );
  });

  it('all is refused to an ordinary user who is not alone', () => {
    refuses('all', alice, { field: 'mapUsers[0]', problem: /outer ids 0-4294967294 are not yours to map/ });
    gives('all', { ...poor, id: 0, setfcap: true, available: [line(0, 1000, 1)] }, [line(0, 0, 1)], 'direct');
  });

  it('are refused when they are none of the words', () => {
    refuses('every' as never, root, { problem: /"every" is neither one of default, root, .* nor a list/ });
  });
});

describe('maps given as ranges', () => {
  it('are written directly with privilege, whatever the ids', () => {
    gives([line(0, 5, 10), line(10, 500, 1)], root, [line(0, 5, 10), line(10, 500, 1)], 'direct');
  });

  it('go through newuidmap for the own id and subordinate ids, also across adjoining lines of /etc/subuid', () => {
    const subordinate = [
      { start: 100_000, count: 10 },
      { start: 100_010, count: 10 },
    ];
    const ranges = [line(5, 1000, 1), line(50, 100_005, 10)];
    gives(ranges, { ...alice, subordinate }, ranges, 'newidmap');
  });

  it('are refused with the reason when an ordinary user maps what is not its own', () => {
    const problem =
      /outer ids 0 are not yours.*its own id \(1000.*newuidmap \(Debian package uidmap\).*: 100000-165535/;
    refuses([line(0, 1000, 1), line(1, 0, 1)], alice, { field: 'mapUsers[1]', problem });
    refuses([line(0, 1000, 2)], poor, {
      field: 'mapUsers[0]',
      problem: /outer ids 1000-1001 .*none; an administrator/,
    });
    refuses([line(0, 165_000, 1000)], alice, {
      field: 'mapUsers[0]',
      problem: /165000-165999 are not yours/,
    });
  });

  it('say that root lacks the capability where that is the reason', () => {
    const facts = { ...root, privileged: false };
    refuses([line(0, 0, 10)], facts, { field: 'mapUsers[0]', problem: /Root here is without CAP_SETUID/ });
  });

  it('need CAP_SETFCAP to map user id 0 of the parent, but not to map group id 0', () => {
    const facts = { ...root, setfcap: false };
    refuses([line(5, 5, 1), line(0, 0, 1)], facts, {
      field: 'mapUsers[1]',
      problem: /CAP_SETFCAP \(since Linux 5.12\)/,
    });
    refuses('root', { ...facts, privileged: false }, { field: 'mapUsers[0]', problem: /CAP_SETFCAP/ });
    gives([line(0, 1, 5)], facts, [line(0, 1, 5)], 'direct');
    assert.equal(resolveIdMap('root', facts, groups).writer, 'direct');
  });

  it('are refused for ids that the caller’s own namespace has not, or that span two lines of its map', () => {
    const available = [line(0, 100_000, 10), line(10, 300_000, 10)];
    const facts = { ...root, available };
    refuses([line(0, 5, 30)], facts, {
      field: 'mapUsers[0]',
      problem: /20-34 not in the user namespace.*has 0-9, 10-19.*EPERM/,
    });
    refuses([line(0, 5, 10)], facts, {
      field: 'mapUsers[0]',
      problem: /5-14 span two lines .* from outer id 10 on/,
    });
    gives([line(0, 5, 5), line(5, 10, 5)], facts, [line(0, 5, 5), line(5, 10, 5)], 'direct');
    refuses(
      'root',
      { ...poor, id: 65_534, available },
      { field: 'mapUsers[0]', problem: /65534 not in the user namespace/ },
    );
  });
});

describe('setgroupsPolicy', () => {
  const map = (writer: ResolvedIdMap['writer']): ResolvedIdMap => ({ ranges: [], writer });

  it('denies where an ordinary user writes the gid map itself, and refuses to allow there', () => {
    assert.equal(setgroupsPolicy(undefined, map('direct'), false), 'deny');
    assert.equal(setgroupsPolicy('deny', map('direct'), false), 'deny');
    assert.throws(
      () => setgroupsPolicy('allow', map('direct'), false),
      /^SpecError: setgroups: cannot be "allow"/,
    );
  });

  it('allows by default, and does as asked, everywhere else', () => {
    for (const [writer, privileged] of [
      ['direct', true],
      ['newidmap', false],
      ['none', false],
      ['none', true],
    ] as const) {
      assert.equal(setgroupsPolicy(undefined, map(writer), privileged), 'allow');
      assert.equal(setgroupsPolicy('allow', map(writer), privileged), 'allow');
      assert.equal(setgroupsPolicy('deny', map(writer), privileged), 'deny');
    }
  });
});
