import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** The names that a file of re-exports gives, those of other such files (`export * from`) among them. */
function exportsOf(path: string): string[] {
  const file = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest);
  return file.statements.flatMap((statement) => {
    assert.ok(ts.isExportDeclaration(statement), path);
    const { exportClause: clause, moduleSpecifier } = statement;
    if (clause === undefined) {
      const from = (moduleSpecifier as ts.StringLiteral).text.replace(/\.js$/, '.ts');
      return exportsOf(join(dirname(path), from));
    }
    return ts.isNamedExports(clause) ? clause.elements.map(({ name }) => name.text) : [];
  });
}

/** `npm run check` makes the pages anew, and fails for what has no docstring. */
for (const { page, exported } of [
  { page: 'docs/reference/README.md', exported: 'src/index.ts' },
  { page: 'docs/reference/nftables.md', exported: 'src/nftables/index.ts' },
]) {
  test(`${page} has a heading for everything that ${exported} exports, and an entry in its index`, () => {
    const names = exportsOf(exported);
    const text = read(page);
    const headings = [...text.matchAll(/^### (\w+)(\(\))?$/gm)].map(([, name]) => name);
    assert.deepEqual(headings.sort(), names.sort());
    const entries = [...text.matchAll(/\[(\w+)\]\(#[\w-]+\)(?:,|$)/gm)].map(([, name]) => name);
    for (const name of names) assert.ok(entries.includes(name), name);
  });
}
