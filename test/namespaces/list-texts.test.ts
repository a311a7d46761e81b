/** What isol8 ls and inspect read in /proc, as the kernel writes it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { capabilityNames, parseCgroups, parseStatus } from '../../src/namespaces/inspect/parse-proc.js';
import { ALL_KINDS } from '../../src/namespaces/kinds.js';
import { parseNamespaceLink } from '../../src/namespaces/list/namespace-link.js';
import { parseCommandLine, parseStat } from '../../src/namespaces/list/processes.js';
import { parseNamespaceMounts } from '../../src/namespaces/list/scan-mounts.js';
import { CAPABILITIES } from '../../src/syscalls/constants.js';

const id = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const kind = fc.constantFrom(...ALL_KINDS);
const lines = (text: string): fc.Arbitrary<string[]> => fc.array(fc.constant(text), { maxLength: 3 });

/** show_mountinfo of the kernel escapes these. */
const escapeMountPath = (path: string): string =>
  path.replace(/[ \t\n\\#]/g, (letter) => `\\${letter.charCodeAt(0).toString(8).padStart(3, '0')}`);

describe('the mounts of namespaces', () => {
  it('are found among other mounts, with their paths as they are', () => {
    const other = '22 1 0:21 / /sys rw,nosuid - sysfs sysfs rw';
    const path = fc
      .string({ unit: 'binary', minLength: 1 })
      .filter((text) => !/[\0\r\u2028\u2029]/.test(text));
    fc.assert(
      fc.property(kind, id, path, lines(other), (name, inode, text, before) => {
        const line = `90 22 0:4 ${name}:[${inode}] /${escapeMountPath(text)} rw shared:5 - nsfs nsfs rw`;
        assert.deepEqual(parseNamespaceMounts([...before, line, other, ''].join('\n')), [
          { kind: name, inode, path: `/${text}` },
        ]);
      }),
    );
  });

  it('are not those whose path or source has the words', () => {
    assert.deepEqual(parseNamespaceMounts('1 2 0:3 / /a\\040-\\040nsfs\\040 rw - tmpfs - nsfs x rw\n'), []);
  });
});

describe('links', () => {
  it('are namespaces only in the form that the kernel writes', () => {
    fc.assert(
      fc.property(kind, id, (name, inode) => {
        assert.deepEqual(parseNamespaceLink(`${name}:[${inode}]`), { kind: name, inode });
      }),
    );
    for (const text of ['socket:[1]', 'pipe:[2]', '/net:[3]', 'net:[]', 'net:[3] (deleted)', '']) {
      assert.equal(parseNamespaceLink(text), undefined);
    }
  });
});

describe('/proc/PID', () => {
  it('stat has a name with anything in it', () => {
    fc.assert(
      fc.property(fc.string(), id, id, (name, ppid, ticks) => {
        const rest = Array.from({ length: 17 }, () => '0').join(' ');
        const text = `7 (${name}) S ${ppid} ${rest} ${ticks} 0 0\n`;
        assert.deepEqual(parseStat(text), { name, ppid, startTicks: ticks });
      }),
    );
  });

  it('cmdline has words with a NUL after each', () => {
    const word = fc.string().filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (words) => {
        fc.pre(words.length > 1 || words[0] !== '');
        assert.deepEqual(parseCommandLine(words.map((each) => `${each}\0`).join('')), words);
      }),
    );
    assert.deepEqual(parseCommandLine(''), []);
    assert.deepEqual(parseCommandLine('postgres: writer'), ['postgres: writer']);
  });

  it('status has ids, pids of every level and capability sets', () => {
    const text =
      'Name:\ta\tb:\nUid:\t1\t2\t3\t4\nNSpid:\t70\t5\t1\nCapInh:\t0000000000000000\n' +
      'CapPrm:\t0000000000000001\nCapEff:\t000001ffffffffff\nCapBnd:\t8000000000000000\nCapAmb:\t0000000000000000\n';
    const { uid, effectiveUid, pids, capabilities } = parseStatus(text);
    assert.deepEqual({ uid, effectiveUid, pids }, { uid: 1, effectiveUid: 2, pids: [70, 5, 1] });
    assert.deepEqual(capabilities.permitted, ['CAP_CHOWN']);
    assert.equal(capabilities.effective.length, CAPABILITIES.length);
    assert.deepEqual(capabilities.bounding, ['CAP_63']);
  });

  it('has a capability for each bit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (set) => {
        const bits = [...set.toString(2)].filter((bit) => bit === '1').length;
        assert.equal(new Set(capabilityNames(set)).size, bits);
      }),
    );
  });

  it('cgroup has a hierarchy in each line', () => {
    assert.deepEqual(parseCgroups('3:cpu,cpuacct:/a:b c\n1:name=systemd:/\n0::/x\n'), [
      { hierarchy: 3, controllers: ['cpu', 'cpuacct'], path: '/a:b c' },
      { hierarchy: 1, controllers: ['name=systemd'], path: '/' },
      { hierarchy: 0, controllers: [], path: '/x' },
    ]);
  });
});
