import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import ts from 'typescript';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** `npm run check` makes the page anew, and fails for what has no docstring. */
test('the reference has a heading for everything that is exported, and an entry in its index', () => {
  const index = ts.createSourceFile('index.ts', read('src/index.ts'), ts.ScriptTarget.Latest);
  const names = index.statements.flatMap((statement) =>
    ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.map(({ name }) => name.text)
      : [],
  );
  assert.equal(index.statements.length, index.statements.filter(ts.isExportDeclaration).length);
  const page = read('docs/reference/README.md');
  const headings = [...page.matchAll(/^### (\w+)(\(\))?$/gm)].map(([, name]) => name);
  assert.deepEqual(headings.sort(), names.sort());
  const entries = [...page.matchAll(/\[(\w+)\]\(#\w+\)(?:,|$)/gm)].map(([, name]) => name);
  for (const name of names) assert.ok(entries.includes(name), name);
});
