import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Cell, type Layout, renderJson, renderRaw, renderTable } from '../../src/cli/columns.js';

const COLUMNS = [
  { name: 'NS', right: true },
  { name: 'TYPE', lines: true },
  { name: 'COMMAND', shrinks: true },
];
const layout: Layout = { columns: COLUMNS, headings: true, flat: false, ascii: false };
const line = (...cells: Cell[]) => ({ cells, children: [] });

describe('rows in columns', () => {
  it('are aligned, the last column as it is', () => {
    assert.equal(
      renderTable([line(1, 'net', 'a'), line(22, 'cgroup', undefined)], layout),
      `NS TYPE   COMMAND\n 1 net    a\n22 cgroup \n`,
    );
    assert.equal(renderTable([], layout), '');
  });

  it('show a tree in the column named, in ASCII where the locale has no more', () => {
    const tree = [
      {
        cells: [1, 'a', 'x'],
        children: [{ cells: [2, 'b', 'y'], children: [line(3, 'c', 'z')] }, line(4, 'd', 'w')],
      },
    ];
    const options = { ...layout, headings: false, tree: 'COMMAND' };
    assert.equal(renderTable(tree, options), '1 a x\n2 b ├─y\n3 c │ └─z\n4 d └─w\n');
    assert.equal(renderTable(tree, { ...options, ascii: true }), '1 a x\n2 b |-y\n3 c | `-z\n4 d `-w\n');
  });

  it('fit the terminal, and give a cell of several lines its lines', () => {
    assert.equal(
      renderTable([line(1, 'net', 'abcdefghijk')], { ...layout, width: 16 }),
      'NS TYPE COMMAND\n 1 net  abcdefgh\n',
    );
    const rows = [line(1, 'a\nb', 'x')];
    assert.equal(renderTable(rows, { ...layout, headings: false }), '1 a x\n  b \n');
    assert.equal(renderTable(rows, { ...layout, headings: false, flat: true }), '1 a,b x\n');
  });

  it('send nothing to the terminal that it obeys', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
        assert.doesNotMatch(renderTable([line(1, 'a', text)], layout), /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
        const [, raw = ''] = renderRaw([line(1, 'a', text)], layout).split('\n');
        assert.match(raw, /^1 a [\x21-\x7e]*$/);
      }),
    );
  });

  it('are JSON whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer(), fc.string())), (rows) => {
        const lines = rows.map(([number, text]) => line(number, text, undefined));
        const expected = rows.map(([ns, type]) => ({ ns, type, command: null }));
        assert.deepEqual(JSON.parse(renderJson(lines, COLUMNS)), { namespaces: expected });
      }),
    );
  });
});
