import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** The layers of CONTRIBUTING.md: a file imports its own folder or a folder with a lower number. */
const layers: Readonly<Record<string, number>> = {
  foundation: 0,
  syscalls: 1,
  ids: 2,
  clocks: 2,
  mounts: 2,
  namespaces: 3,
  netlink: 4,
  sandbox: 4,
  rtnetlink: 5,
  nftables: 5,
  kept: 5,
  network: 6,
  doctor: 7,
  web: 8,
  cli: 9,
};

const addonLoader = 'syscalls/addon.ts';
const root = fileURLToPath(new URL('../..', import.meta.url));
const src = join(root, 'src');
const files = listFiles(src).filter((file) => file.endsWith('.ts'));

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? listFiles(path) : [path];
  });
}

/** The layer folder of a path under src; `undefined` for index.ts at the top. */
function folderOf(path: string): string | undefined {
  const [first, second] = relative(src, path).split('/');
  return second === undefined ? undefined : first;
}

function importsOf(file: string): string[] {
  return ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles.map((found) => found.fileName);
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
}

function* nodesIn(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) {
    yield* nodesIn(child);
  }
}

/** `file:line` of every node of src that a rule forbids. */
function violations(allowed: (path: string) => boolean, forbids: (node: ts.Node) => boolean): string[] {
  return files
    .filter((file) => !allowed(relative(src, file)))
    .flatMap((file) => {
      const source = parse(file);
      return [...nodesIn(source)].filter(forbids).map((node) => {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        return `src/${relative(src, file)}:${line + 1}: ${node.getText()}`;
      });
    });
}

function describeUpwardImport(file: string, imported: string): string | undefined {
  const from = folderOf(file);
  const to = folderOf(join(dirname(file), imported));
  if (from === to || from === undefined) {
    return undefined;
  }
  const lower = to !== undefined && (layers[to] ?? 99) < (layers[from] ?? -1);
  return lower ? undefined : `src/${relative(src, file)} imports ${imported}`;
}

test('every folder of src has a layer, and only index.ts stands beside them', () => {
  assert.ok(files.length > 0, 'src holds no TypeScript');
  const names = new Set(files.map((file) => relative(src, file).split('/')[0] as string));
  const unknown = [...names].filter((name) => name !== 'index.ts' && !(name in layers));
  assert.deepEqual(unknown, []);
});

test('a file imports its own folder or a lower layer', () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => describeUpwardImport(file, name))
      .filter((found) => found !== undefined),
  );
  assert.deepEqual(wrong, []);
});

/** What is in the bundles has its licence beside them. */
const bundled = readdirSync(join(root, 'dist')).flatMap((name) => /^LICENSE-(.+)\.md$/.exec(name)?.[1] ?? []);

test('a file imports from outside only node: modules, declared dependencies, and what is bundled with its licence', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const builtin = builtinModules.map((name) => `node:${name}`);
  const allowed = new Set([...builtin, ...Object.keys(dependencies), ...bundled]);
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((name) => !name.startsWith('.') && !allowed.has(name))
      .map((name) => `src/${relative(src, file)} imports ${name}`),
  );
  assert.deepEqual(wrong, []);
});

test('an index.ts only re-exports', () => {
  const wrong = files
    .filter((file) => file.endsWith('/index.ts'))
    .flatMap((file) => parse(file).statements.map((statement) => ({ file, statement })))
    .filter(({ statement }) => !(ts.isExportDeclaration(statement) && statement.moduleSpecifier))
    .map(({ file, statement }) => `src/${relative(src, file)}: ${statement.getText().split('\n')[0]}`);
  assert.deepEqual(wrong, []);
});

test('only src/syscalls/addon.ts loads the addon', () => {
  const loads = (node: ts.Node) =>
    (ts.isIdentifier(node) && /^(createRequire|dlopen)$/.test(node.text)) ||
    (ts.isStringLiteralLike(node) && /\.node$|prebuilds/.test(node.text));
  assert.deepEqual(
    violations((path) => path === addonLoader, loads),
    [],
  );
});

test('only the command line prints with console and ends the process', () => {
  const printsOrExits = (node: ts.Node) =>
    ts.isPropertyAccessExpression(node) && /^(console\.\w+|process\.(exit|exitCode))$/.test(node.getText());
  assert.deepEqual(
    violations((path) => path.startsWith('cli/'), printsOrExits),
    [],
  );
});

test('no file or folder is named after no subject', () => {
  const vague = /(^|[/.-])(utils?|helpers|common|managers?)([/.-]|$)/;
  const wrong = ['src', 'native', 'scripts', 'test', 'bench', 'examples']
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap(listFiles)
    .map((path) => relative(root, path))
    .filter((path) => vague.test(path));
  assert.deepEqual(wrong, []);
});
