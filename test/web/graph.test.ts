import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { graph, Isol8Error } from '../../src/index.js';
import { ALL_KINDS, type NamespaceKind } from '../../src/namespaces/kinds.js';
import type { ListedNamespace } from '../../src/namespaces/list/namespace.js';
import { renderDot } from '../../src/web/graph/dot.js';
import { renderMermaid } from '../../src/web/graph/mermaid.js';
import { buildModel } from '../../src/web/graph/model.js';

const HOSTILE = '/bin/sh <script>alert("1")</script> & \\" ]] --> \u001b[31m';

let next = 100;
const namespace = (
  kind: NamespaceKind,
  processes: number[],
  more: Partial<ListedNamespace> = {},
): ListedNamespace => ({
  kind,
  inode: next++,
  device: 4,
  processes,
  representative: undefined,
  owner: undefined,
  parent: undefined,
  ownerUid: 0,
  mounts: undefined,
  path: undefined,
  keptBy: processes.length > 0 ? [{ by: 'process', pid: processes[0] as number }] : [],
  ...more,
});

/** 1 and 2 are the host's, 3 and 4 share a net namespace, 4 is alone in a uts namespace of a user namespace. */
function sample() {
  const host = ALL_KINDS.map((kind) =>
    namespace(kind, kind === 'net' ? [1, 2] : ['user', 'uts'].includes(kind) ? [1, 2, 3] : [1, 2, 3, 4]),
  );
  const user = namespace('user', [4], { parent: host[5]?.inode, owner: host[5]?.inode });
  const net = namespace('net', [3, 4], { owner: host[5]?.inode });
  const uts = namespace('uts', [4], { owner: user.inode });
  const idle = namespace('net', [], { keptBy: [{ by: 'mount', path: '/run/netns/blue', pid: 1 }] });
  const read = (pid: number) => ({
    pid,
    ppid: 0,
    uid: 0,
    user: 'root',
    command: pid === 4 ? HOSTILE : `program ${pid}`,
  });
  return { namespaces: [...host, user, net, uts, idle], read, pids: undefined, user, net, uts, idle };
}

describe('the picture', () => {
  it('has a box for processes in the same namespaces, and one for what several share', () => {
    const { user, net, uts, idle, ...source } = sample();
    const model = buildModel(source);
    assert.deepEqual(
      model.groups.map(({ processes }) => processes.map(({ pid }) => pid)),
      [[1, 2], [3], [4]],
    );
    assert.deepEqual(
      model.bundles.map(({ namespaces }) => namespaces),
      [[net], [idle]],
    );
    const [, , last] = model.groups;
    assert.deepEqual(
      [last?.own, last?.user, last?.shared.map(({ id }) => id)],
      [[uts], user.inode, [`b${net.inode}`]],
    );
    assert.deepEqual(model.users, [user]);
  });

  it('shows only the processes asked for', () => {
    const model = buildModel({ ...sample(), pids: new Set([4]) });
    assert.equal(model.groups.length, 1);
    assert.equal(model.bundles.length, 0);
  });

  it('is well-formed whatever a process calls itself', async () => {
    const model = buildModel(sample());
    const { Graphviz } = await import('@hpcc-js/wasm-graphviz');
    const svg = (await Graphviz.load()).dot(renderDot(model), 'svg');
    assert.match(svg, /<\/svg>\s*$/);
    assert.doesNotMatch(svg, /<script/);
    assert.match(svg, /&lt;script&gt;/);
    const mermaid = renderMermaid(model);
    assert.ok(!mermaid.includes('<script') && !mermaid.includes('\u001b'));
    assert.match(mermaid, /^flowchart LR\n/);
    for (const line of mermaid.split('\n')) assert.equal((line.match(/"/g) ?? []).length % 2, 0, line);
  });

  it('of this process has its number, in every format', async () => {
    const pids = [process.pid];
    for (const format of ['svg', 'dot', 'mermaid', 'html'] as const) {
      assert.ok((await graph({ pids, format })).includes(String(process.pid)), format);
    }
    const page = await graph({ pids, format: 'html' });
    assert.match(page, /prefers-color-scheme: dark/);
    assert.doesNotMatch(page, /<script|<link|src=|url\(/);
  });

  it('cannot be of a process that is not there', async () => {
    await assert.rejects(
      () => graph({ pids: [4_194_305] }),
      (error) => error instanceof Isol8Error && error.code === 'ESRCH' && /4194305/.test(error.message),
    );
  });
});
