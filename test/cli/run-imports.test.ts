/**
 * What isol8 run loads before it becomes the program: a module of Node's costs milliseconds at each start, so none may
 * be on the way. `await import()` is where a way branches off.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { test } from 'node:test';

const src = new URL('../../src/', import.meta.url);

/** What takes another way: help, --explain, a process that stays, another command. */
const BRANCHES = [
  'cli/help.js',
  'cli/commands/run-explain.js',
  'cli/commands/run-attached.js',
  'cli/commands/run-net.js',
  'cli/commands/netns-view.js',
];
const OTHER_COMMANDS = ['ls', 'inspect', 'graph', 'net', 'ns', 'gc', 'doctor', 'completion', 'overview'].map(
  (each) => `cli/commands/${each}.js`,
);

interface Imports {
  readonly fixed: string[];
  readonly onDemand: string[];
}

function importsOf(file: URL): Imports {
  const text = readFileSync(file, 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
  const find = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] as string);
  return {
    fixed: find(/^(?:import|export)\s+(?!type\b)(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm),
    onDemand: find(/\bimport\(\s*'([^']+)'\s*\)/g),
  };
}

const name = (file: URL): string => relative(src.pathname, file.pathname).replace(/\.ts$/, '.js');
const resolve = (from: URL, specifier: string): URL => new URL(specifier.replace(/\.js$/, '.ts'), from);

/** Every file reached from main.ts, with what it imports from elsewhere. */
function reached(branches: readonly string[]): Map<string, string[]> {
  const seen = new Map<string, string[]>();
  const visit = (file: URL): void => {
    if (seen.has(name(file))) return;
    const { fixed, onDemand } = importsOf(file);
    const isOurs = (specifier: string): boolean => specifier.startsWith('.');
    seen.set(
      name(file),
      [...fixed, ...onDemand].filter((specifier) => !isOurs(specifier)),
    );
    const later = onDemand.filter(
      (specifier) => isOurs(specifier) && !branches.includes(name(resolve(file, specifier))),
    );
    for (const specifier of [...fixed.filter(isOurs), ...later]) visit(resolve(file, specifier));
  };
  visit(new URL('cli/main.ts', src));
  return seen;
}

test('isol8 run loads no module of Node on its way, and of others only valibot', () => {
  const files = reached([...BRANCHES, ...OTHER_COMMANDS]);
  assert.ok(files.has('sandbox/become.js') && files.has('cli/commands/run.js'), 'the walk sees the way');
  assert.ok(files.size > 30);
  const outside = [...files].flatMap(([file, names]) => names.map((each) => `${file}: ${each}`));
  const allowed = /: (valibot)$/;
  assert.deepEqual(
    outside.filter((line) => !allowed.test(line)),
    [],
  );
});

test('the ways that branch off are those where they are expected, and the streams are behind one of them', () => {
  const all = reached([]);
  for (const file of [...BRANCHES, ...OTHER_COMMANDS])
    assert.ok(all.has(file), `${file} is imported on demand`);
  const run = reached([...BRANCHES, ...OTHER_COMMANDS]);
  for (const file of [
    ...BRANCHES,
    ...OTHER_COMMANDS,
    'sandbox/spawn.js',
    'sandbox/streams.js',
    'cli/completion.js',
  ]) {
    assert.ok(!run.has(file), file);
  }
});
