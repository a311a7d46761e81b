import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseOptions } from '../../src/cli/getopt.js';
import { type CommandSpec, longNames } from '../../src/cli/options.js';
import { UsageError } from '../../src/cli/usage-error.js';
import { list, run } from './sample-command.js';

interface Case {
  readonly spec: CommandSpec;
  readonly argv: readonly string[];
}

/** What both parsers are reduced to: the options by their place in the table, or the error's first line. */
type Outcome = { options: [number, string | undefined][]; operands: string[] } | { error: string };

function ours({ spec, argv }: Case): Outcome {
  try {
    const { values, operands } = parseOptions(spec, argv);
    return {
      options: values.map(({ option, value }) => [spec.options.indexOf(option), value]),
      operands: [...operands],
    };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { error: error.problem };
  }
}

const HAS_ARG = { none: 0, required: 1, optional: 2 };

function encode({ spec, argv }: Case): string {
  const short = spec.options.flatMap(({ short, argument = 'none' }) =>
    short === undefined ? [] : [short + ':'.repeat(HAS_ARG[argument])],
  );
  const longs = spec.options.flatMap((option, index) =>
    longNames(option).map((name) => [name, HAS_ARG[option.argument ?? 'none'], valOf(spec, index)]),
  );
  const optstring = (spec.operands === 'command' ? '+' : '') + short.join('');
  const fields = [optstring, longs.length, ...longs.flat(), argv.length, ...argv];
  return fields.map((field) => `${field}\0`).join('');
}

function valOf(spec: CommandSpec, index: number): number {
  return spec.options[index]?.short?.charCodeAt(0) ?? 1000 + index;
}

function decode(cases: readonly Case[], output: string): Outcome[] {
  const fields = output.split('\0').values();
  const next = () => String(fields.next().value);
  return cases.map(({ spec }) => {
    const options: [number, string | undefined][] = [];
    for (let field = next(); ; field = next()) {
      if (field === 'error') return { error: next().replace(/^x: |\n$/g, '') };
      if (field === 'end') break;
      const val = Number(next());
      const argument = next();
      const index = spec.options.findIndex((_, at) => valOf(spec, at) === val);
      options.push([index, argument === '-' ? undefined : argument.slice(1)]);
    }
    const operands: string[] = [];
    for (let field = next(); field !== '.END'; field = next()) operands.push(field);
    return { options, operands };
  });
}

/** Words that are likely to be options of the spec, whole, abbreviated, misspelt or with arguments. */
function argvOf(spec: CommandSpec): fc.Arbitrary<string[]> {
  const names = spec.options.flatMap(longNames);
  const letters = spec.options.flatMap(({ short }) => short ?? []).concat('Q', '-', ':', '=', '1', '+');
  const text = fc.constantFrom('', 'x', '-', '--', '-x', '=', 'a=b', '/tmp', '--help', 'net', '1:2', 'ü');
  const prefix = fc
    .tuple(fc.constantFrom(...names, 'zzz'), fc.nat({ max: 12 }))
    .map(([name, cut]) => `--${cut > 9 ? name : name.slice(0, cut)}`);
  const long = fc
    .tuple(prefix, fc.option(text))
    .map(([name, value]) => (value === null ? name : `${name}=${value}`));
  const whole = fc.constantFrom(...names).map((name) => `--${name}`);
  const cluster = fc
    .tuple(fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 4 }), text)
    .map(([flags, rest]) => `-${flags.join('')}${rest.startsWith('ü') ? '' : rest}`);
  const operand = fc.oneof(text, fc.string({ unit: 'grapheme-ascii', maxLength: 6 }));
  return fc.array(
    fc.oneof(
      { arbitrary: long, weight: 4 },
      { arbitrary: whole, weight: 3 },
      { arbitrary: cluster, weight: 4 },
      {
        arbitrary: operand,
        weight: 4,
      },
    ),
    { maxLength: 7 },
  );
}

/** Small tables over few letters, so that names are prefixes of each other. */
const anySpec: fc.Arbitrary<CommandSpec> = fc
  .tuple(
    fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 5 }), {
      minLength: 1,
      maxLength: 9,
    }),
    fc.array(fc.tuple(fc.constantFrom('none', 'required', 'optional'), fc.boolean(), fc.nat(2)), {
      minLength: 9,
    }),
    fc.constantFrom('command', 'any'),
  )
  .map(([names, kinds, operands]) => {
    const options: CommandSpec['options'][number][] = [];
    const left = [...names];
    for (const [index, [argument, hasShort, aliases]] of kinds.entries()) {
      const name = left.shift();
      if (name === undefined) break;
      const short = hasShort ? { short: 'abcdefghijklmnopqrstuvwxyz'.charAt(index % 26) } : {};
      options.push({ name, argument, aliases: left.splice(0, aliases), ...short, help: '', group: '' });
    }
    return { name: 't', summary: '', usage: [], operands, options, examples: [] };
  });

/** The sample without the checks of values, of which getopt knows nothing. */
function unchecked(spec: CommandSpec): CommandSpec {
  return { ...spec, options: spec.options.map(({ choices: _, ...option }) => option) };
}

test("options, arguments, operands and errors are those of glibc's getopt_long", (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'isol8-getopt-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const oracle = join(directory, 'oracle');
  try {
    const source = join(import.meta.dirname, 'getopt-oracle.c');
    execFileSync('cc', ['-D_GNU_SOURCE', '-O1', '-Wall', '-o', oracle, source], { stdio: 'pipe' });
  } catch (error) {
    t.skip(`no cc that makes the oracle: ${error instanceof Error ? error.message : error}`);
    return;
  }
  const cases = [unchecked(run), unchecked(list)]
    .flatMap((spec) => fc.sample(argvOf(spec), 10_000).map((argv): Case => ({ spec, argv })))
    .concat(
      fc.sample(
        anySpec.chain((spec) => argvOf(spec).map((argv): Case => ({ spec, argv }))),
        20_000,
      ),
    );
  const environment = { LC_ALL: 'C' };
  const output = execFileSync(oracle, {
    input: cases.map(encode).join(''),
    env: environment,
    maxBuffer: 1 << 28,
    encoding: 'utf8',
  });
  const theirs = decode(cases, output);
  const seen = { accepted: 0, refused: 0 };
  for (const [index, each] of cases.entries()) {
    const expected = theirs[index] as Outcome;
    seen['error' in expected ? 'refused' : 'accepted']++;
    assert.deepEqual(
      ours(each),
      expected,
      `argv ${JSON.stringify(each.argv)} for ${JSON.stringify(each.spec)}`,
    );
  }
  assert.ok(seen.accepted > 5000 && seen.refused > 5000, JSON.stringify(seen));
});
