import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';
import { Namespace } from '../../src/namespaces/namespace.js';
import type { NetlinkMessage, NetlinkRequest } from '../../src/netlink/message.js';
import { NetlinkSocket } from '../../src/netlink/socket.js';
import {
  addChain,
  addElements,
  addRule,
  addSet,
  addTable,
  type Change,
  deleteChain,
  deleteElements,
  deleteRule,
  deleteSet,
  deleteTable,
  destroyChain,
  destroyElements,
  destroyRule,
  destroySet,
  destroyTable,
  flushChain,
  flushSet,
  insertRule,
  type SetSpec,
} from '../../src/nftables/change.js';
import { accept, counter, drop, goto, jump, lookup, match } from '../../src/nftables/expressions.js';
import { monitorRuleset } from '../../src/nftables/monitor.js';
import { NftablesSocket } from '../../src/nftables/socket.js';
import { nft, nftList } from './nft.js';
import { describeInOwnMounts } from './own-mounts.js';

const table = { family: 'ip', name: 'mine' } as const;
const others = { family: 'ip', name: 'others' } as const;
const chain = { table, name: 'c' } as const;
const rule = (...expressions: Parameters<typeof addRule>[0]['expressions']): Change =>
  addRule({ table, chain: 'c', expressions });

/** A table in a ruleset of its own. */
async function inMine(work: (socket: NftablesSocket) => Promise<void>): Promise<void> {
  nft(['flush', 'ruleset']);
  using socket = await NftablesSocket.open();
  await socket.commit([addTable(table), addChain(chain)]);
  await work(socket);
}

describeInOwnMounts(import.meta.url, 'nf_tables', () => {
  it('change as a whole or not at all, and the error names the change and what the kernel said', async () => {
    await inMine(async (socket) => {
      const before = nftList();
      const attempts: [Change[], string][] = [
        [
          [addChain({ table, name: 'd' }), addRule({ table, chain: 'nope', expressions: [accept()] })],
          'add rule ip mine nope: ENOENT: ',
        ],
        [[rule(accept()), rule(lookup('ip saddr', 'nobody'))], 'add rule ip mine c: ENOENT: '],
        [
          [addChain({ table, name: 'd' }), addChain({ table, name: 'd' }, { create: true })],
          'create chain ip mine d: EEXIST: ',
        ],
        [
          [
            addChain({ table, name: 'b', type: 'filter', hook: 'input', priority: 0 }),
            rule(jump('c')),
            addRule({ table, chain: 'b', expressions: [jump('c')] }),
          ],
          'add rule ip mine b: EMLINK: ',
        ],
        [
          [addTable(others), deleteTable({ family: 'ip6', name: 'others' })],
          'delete table ip6 others: ENOENT',
        ],
        [
          [addChain({ table, name: 'd' }), rule(goto('d')), deleteChain({ table, name: 'd' })],
          'delete chain ip mine d: EBUSY: ',
        ],
        [[addTable(table, { create: true })], 'create table ip mine: EEXIST'],
      ];
      for (const [changes, words] of attempts) {
        const error = await socket.commit(changes).catch((reason) => reason);
        assert.equal(error?.name, 'NetlinkError', words);
        assert.ok(error.message.startsWith(words), error.message);
        assert.deepEqual(nftList(), before);
      }
    });
  });

  it('have one table replaced without a change of any other', async () => {
    await inMine(async (socket) => {
      nft(['-f', '-'], 'table ip others {\n chain c {\n counter packets 3 bytes 5\n }\n}\n');
      const foreign = nft(['-j', 'list', 'table', 'ip', 'others']);
      await socket.replaceTable({ ...table, flags: ['dormant'] }, [addChain({ table, name: 'new' })]);
      assert.deepEqual(await socket.table(table).then((found) => found?.flags), ['dormant']);
      await socket.replaceTable(table, [addChain(chain), rule(drop())]);
      assert.deepEqual(
        (await socket.listRules(table)).map(({ expressions }) => expressions),
        [[drop()]],
      );
      assert.deepEqual(
        (await socket.listChains(table)).map(({ name }) => name),
        ['c'],
      );
      assert.equal(nft(['-j', 'list', 'table', 'ip', 'others']), foreign);
      await assert.rejects(socket.replaceTable(table, [addChain({ table: others, name: 'd' })]), {
        code: 'ERR_SPEC',
      });
      await assert.rejects(socket.replaceTable(table, [addChain(chain), rule(jump('nope'))]), {
        code: 'ENOENT',
      });
      assert.deepEqual(
        (await socket.listRules(table)).map(({ expressions }) => expressions),
        [[drop()]],
      );
    });
  });

  it('change by what is there, anew when others have changed it meanwhile', async () => {
    await inMine(async (socket) => {
      let calls = 0;
      await socket.commit(async () => {
        const rules = await socket.listRules(table);
        if (calls++ < 3) nft(['add', 'rule', 'ip', 'mine', 'c', 'accept']);
        return [addRule({ table, chain: 'c', expressions: [counter()], comment: `behind ${rules.length}` })];
      });
      assert.equal(calls, 4);
      assert.equal((await socket.listRules(table)).at(-1)?.comment, 'behind 3');
      const never = socket.commit(async () => {
        nft(['add', 'rule', 'ip', 'mine', 'c', 'accept']);
        return [rule(drop())];
      });
      await assert.rejects(never, { code: 'ERESTART', message: /Others change the ruleset all the time/ });
    });
  });

  it('have rules put in their places, and taken away by their handles', async () => {
    await inMine(async (socket) => {
      const marked = (comment: string, position?: number) =>
        ({
          table,
          chain: 'c',
          expressions: [counter()],
          comment,
          ...(position ? { position } : {}),
        }) as const;
      const comments = async () => (await socket.listRules(table, 'c')).map(({ comment }) => comment);
      await socket.commit([addRule(marked('b')), addRule(marked('d'))]);
      const [b, d] = await socket.listRules(table);
      assert.ok(b && d);
      await socket.commit([
        insertRule(marked('a')),
        addRule(marked('c', b.handle)),
        insertRule(marked('c2', d.handle)),
      ]);
      assert.deepEqual(await comments(), ['a', 'b', 'c', 'c2', 'd']);
      await socket.commit([deleteRule(b), deleteRule(d)]);
      assert.deepEqual(await comments(), ['a', 'c', 'c2']);
      await assert.rejects(socket.commit([deleteRule(b)]), { code: 'ENOENT' });
      await socket.commit([flushChain(chain)]);
      assert.deepEqual(await comments(), []);
    });
  });

  it('have elements that come, time out and go, more of them than fit into one message', async () => {
    await inMine(async (socket) => {
      const set: SetSpec = { table, name: 's', type: 'ipv4_addr', flags: ['interval', 'timeout'] };
      await socket.commit([
        addSet(set),
        addElements(set, [{ key: '10.0.0.0/8', timeout: 3_600_000 }, { key: '11.0.0.0-11.0.0.9' }]),
      ]);
      const [timed, plain] = await socket.elements(set);
      assert.equal(timed?.timeout, 3_600_000);
      assert.ok((timed?.expiration ?? 0) > 3_000_000 && (timed?.expiration ?? 0) <= 3_600_000);
      assert.deepEqual(plain, { key: '11.0.0.0-11.0.0.9' });
      await assert.rejects(socket.commit([addElements(set, [{ key: '10.2.0.0/16' }])]), { code: 'EEXIST' });
      await socket.commit([deleteElements(set, [{ key: '10.0.0.0/8' }])]);
      assert.deepEqual(await socket.elements(set), [{ key: '11.0.0.0-11.0.0.9' }]);
      await assert.rejects(socket.commit([deleteElements(set, [{ key: '10.0.0.0/8' }])]), { code: 'ENOENT' });
      const brief: SetSpec = { table, name: 'brief', type: 'ipv4_addr', flags: ['timeout'], timeout: 20 };
      await socket.commit([addSet(brief), addElements(brief, [{ key: '10.0.0.1' }])]);
      while ((await socket.elements(brief)).length > 0)
        await new Promise((resolve) => setTimeout(resolve, 20));
      const many: SetSpec = { table, name: 'many', type: 'ipv4_addr' };
      const keys = Array.from({ length: 20_000 }, (_, i) => ({ key: `10.1.${i >> 8}.${i & 255}` }));
      await socket.commit([addSet(many), addElements(many, keys)]);
      assert.deepEqual(await socket.elements(many), keys);
      await socket.commit([flushSet(many), flushSet(set)]);
      assert.deepEqual(await socket.elements(many), []);
      await socket.commit([addElements(many, [])]);
      await socket.commit([]);
      await socket.commit([deleteSet(many), deleteSet(set), deleteSet(brief)]);
      assert.deepEqual(await socket.listSets(table), []);
    });
  });

  it('have all elements, also when a list had some of them twice and others not at all', async (context) => {
    await inMine(async (socket) => {
      const set: SetSpec = { table, name: 's', type: 'ipv4_addr' };
      const keys = Array.from({ length: 2000 }, (_, i) => ({ key: `10.1.${i >> 8}.${i & 255}` }));
      await socket.commit([addSet(set), addElements(set, keys)]);
      // As while a hash table grows between two messages, which cannot be had at will.
      const { dump } = NetlinkSocket.prototype;
      let lists = 0;
      let wrong = 3;
      context.mock.method(
        NetlinkSocket.prototype,
        'dump',
        async function (this: NetlinkSocket, request: NetlinkRequest) {
          const messages = await dump.call(this, request);
          return lists++ < wrong ? messages.with(-1, messages[0] as NetlinkMessage) : messages;
        },
      );
      assert.deepEqual(await socket.elements(set), keys);
      assert.equal(lists, 4);
      wrong = Number.POSITIVE_INFINITY;
      await assert.rejects(socket.elements(set), {
        code: 'EINTR',
        message: /^list elements of ip mine s: EINTR/,
      });
    });
  });

  it('take away what need not be there', async () => {
    await inMine(async (socket) => {
      const set: SetSpec = { table, name: 's', type: 'ipv4_addr' };
      await socket.commit([addSet(set)]);
      const gone = { table, name: 'gone' };
      await socket.commit([
        destroyTable(others),
        destroyChain(gone),
        destroySet(gone),
        destroyElements(set, [{ key: '10.0.0.1' }]),
        destroyRule({ table, chain: 'c', handle: 4711 }),
      ]);
      await socket.commit([destroyTable(table)]);
      assert.deepEqual(await socket.listTables(), []);
    });
  });

  it('of an owner nobody else can change, and go with its socket', async () => {
    await inMine(async (socket) => {
      const own = { family: 'ip', name: 'own' } as const;
      {
        using owner = await NftablesSocket.open();
        await owner.commit([addTable({ ...own, flags: ['owner'] }), addChain({ table: own, name: 'c' })]);
        await owner.replaceTable({ ...own, flags: ['owner'] }, [addChain({ table: own, name: 'd' })]);
        assert.ok((await socket.table(own))?.owner);
        await assert.rejects(socket.commit([addChain({ table: own, name: 'e' })]), {
          code: 'EPERM',
          message: /belongs to a socket of another process/,
        });
        nft(['flush', 'ruleset']);
        assert.deepEqual(
          (await owner.listChains(own)).map(({ name }) => name),
          ['d'],
        );
      }
      while ((await socket.table(own)) !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    });
  });

  it('are those of the namespace that the socket was opened in', async () => {
    const sleeper = spawn('unshare', ['--net', 'sh', '-c', 'echo; exec sleep infinity'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(sleeper.stdout, 'data');
      using namespace = Namespace.open(sleeper.pid as number, 'net');
      nft(['flush', 'ruleset']);
      using there = await NftablesSocket.open({ namespace });
      using here = await NftablesSocket.open();
      await there.commit([addTable(others)]);
      assert.deepEqual([(await there.listTables()).length, (await here.listTables()).length], [1, 0]);
    } finally {
      sleeper.kill('SIGKILL');
      await once(sleeper, 'exit');
    }
  });

  it('tell who has changed them', async () => {
    nft(['flush', 'ruleset']);
    const changes = await monitorRuleset();
    nft(['add', 'table', 'ip', 'mine']);
    const { value, done } = await changes.next();
    assert.ok(!done && !value.lost);
    assert.equal(value.process.name, 'nft');
    const waiting = changes.next();
    await changes.return?.();
    assert.deepEqual(await waiting, { done: true, value: undefined });
    const controller = new AbortController();
    const aborted = await monitorRuleset({ signal: controller.signal });
    controller.abort();
    assert.equal((await aborted.next()).done, true);
  });

  it('with what isol8 has no words for are listed with that as it is', async () => {
    nft(['flush', 'ruleset']);
    nft(
      ['-f', '-'],
      'table ip mine {\n chain c {\n tcp dport 80 quota 10 mbytes accept\n tcp flags syn ip ttl 7 drop\n }\n}\n',
    );
    using socket = await NftablesSocket.open();
    const [first, second] = await socket.listRules(table);
    assert.deepEqual(
      first?.expressions.map(({ kind }) => kind),
      ['match', 'unknown', 'verdict'],
    );
    assert.deepEqual(first?.expressions[0], match('tcp dport', 80));
    assert.ok(second?.expressions.some(({ kind }) => kind === 'unknown'));
    const before = nft(['list', 'chain', 'ip', 'mine', 'c']);
    await socket.commit(async () => [
      flushChain(chain),
      ...(await socket.listRules(table)).map((listed) =>
        addRule({ table, chain: 'c', expressions: listed.expressions }),
      ),
    ]);
    assert.equal(nft(['list', 'chain', 'ip', 'mine', 'c']), before);
  });

  it('with what isol8 cannot make are not given as contents that lack it', async () => {
    using socket = await NftablesSocket.open();
    for (const [what, words] of [
      ['comment "mine"', /comment of mine/],
      ['counter c { }', /named objects/],
      ['set s { type ipv4_addr; counter; }', /counter of s/],
      ['set s { type ipv4_addr; comment "x"; }', /comment of s/],
      ['set s { type ifname; flags interval; elements = { "eth*", "wl0" } }', /interval of s/],
      ['chain c { comment "x"; }', /comment of c/],
    ] as const) {
      nft(['flush', 'ruleset']);
      nft(['-f', '-'], `table ip mine {\n ${what}\n}\n`);
      await assert.rejects(socket.contents(table), { code: 'ERR_UNSUPPORTED', message: words });
    }
    nft(
      ['-f', '-'],
      'table ip mine {\n set n { type ifname; flags interval; elements = { "eth*", "wl0" } }\n}\n',
    );
    const [set] = (await socket.listSets(table)).filter(({ name }) => name === 'n');
    assert.ok(set);
    assert.deepEqual(
      (await socket.elements(set)).map(({ key }) => key),
      ['eth*', 'wl0'],
    );
  });

  it('without privilege are refused in words that say what it takes', () => {
    const program = `import('${new URL('../../src/nftables/socket.ts', import.meta.url)}').then(async ({ NftablesSocket }) => {
      const socket = await NftablesSocket.open();
      await socket.commit([{ change: 'add table', table: { family: 'ip', name: 'x' } }]).catch((error) => console.log(error.message));
      process.exit();
    });`;
    const args = ['--ambient-caps', '-all', '--inh-caps', '-all', '--bounding-set', '-all', process.execPath];
    const { stdout, stderr } = spawnSync('setpriv', [...args, '--import', 'tsx', '--eval', program], {
      encoding: 'utf8',
    });
    assert.match(stdout, /^change the ruleset: EPERM: It takes CAP_NET_ADMIN/, stderr);
  });
});
