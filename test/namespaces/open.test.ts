import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Isol8Error, SpecError } from '../../src/foundation/errors.js';
import { ALL_KINDS, isNamespaceKind, KINDS } from '../../src/namespaces/kinds.js';
import { openNamespace, ownerInodes, ownInode } from '../../src/namespaces/open.js';

const descriptors = (): number => readdirSync('/proc/self/fd').length;
const userNamespace = (): bigint => BigInt(statSync('/proc/self/ns/user').ino);

describe('the kinds of namespaces', () => {
  it('are those that the kernel has in /proc', () => {
    const names = readdirSync('/proc/self/ns').filter((name) => !name.endsWith('_for_children'));
    assert.deepEqual([...ALL_KINDS].sort(), names.sort());
    for (const name of names) assert.ok(isNamespaceKind(name));
    for (const name of ['constructor', 'network', '', 'toString']) assert.equal(isNamespaceKind(name), false);
  });

  it('have flags of one bit each, all different', () => {
    const flags = Object.values(KINDS).map(({ flag }) => flag);
    assert.equal(new Set(flags).size, 8);
    for (const flag of flags) assert.equal(flag & (flag - 1), 0);
  });
});

describe('opening a namespace', () => {
  it('gives its inode, however it is named', () => {
    for (const kind of ALL_KINDS) {
      const inode = BigInt(/\d+/.exec(readlinkSync(`/proc/self/ns/${kind}`))?.[0] as string);
      const fd = openSync(`/proc/self/ns/${kind}`, 'r');
      for (const target of [{ pid: process.pid }, { path: `/proc/self/ns/${kind}` }, { fd }]) {
        const opened = openNamespace(target, kind, 'field');
        assert.deepEqual([opened.kind, opened.inode], [kind, inode]);
        assert.equal(ownInode(kind), inode);
        closeSync(opened.fd);
      }
      closeSync(fd);
    }
  });

  it('fails for another kind, for other files and for what is not there, and keeps nothing open', () => {
    const before = descriptors();
    assert.throws(
      () => openNamespace({ path: '/proc/self/ns/net' }, 'uts', 'a.b'),
      (error: SpecError) => {
        assert.ok(error instanceof SpecError);
        assert.equal(error.field, 'a.b');
        return /is a net namespace, not uts/.test(error.message);
      },
    );
    assert.throws(() => openNamespace({ path: '/etc/passwd' }, 'uts', 'f'), /not a namespace/);
    assert.throws(() => openNamespace({ path: '/proc/self/ns' }, 'uts', 'f'), /not a namespace/);
    assert.throws(
      () => openNamespace({ path: '/nowhere' }, 'uts', 'f'),
      (error: Isol8Error) => error instanceof Isol8Error && error.code === 'ENOENT',
    );
    assert.throws(() => openNamespace({ path: '/a\0b' }, 'uts', 'f'), /NUL/);
    assert.ok(descriptors() <= before); // the runtime may have closed one of its own
  });

  it('tells who owns it', () => {
    const fd = openSync('/proc/self/ns/uts', 'r');
    const before = descriptors();
    const [owner = userNamespace()] = ownerInodes(fd);
    if (process.getuid?.() === 0) assert.equal(owner, userNamespace());
    assert.equal(descriptors(), before);
    closeSync(fd);
  });
});
