/** docs/util-linux.md against the tables of options: every option has a row, and every row an option. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { enterCommand } from '../../src/cli/commands/enter-options.js';
import { lsCommand } from '../../src/cli/commands/ls-options.js';
import { unshareCommand } from '../../src/cli/commands/unshare-options.js';
import type { CommandSpec, OptionSpec } from '../../src/cli/options.js';
import { ALL_KINDS, KINDS } from '../../src/namespaces/kinds.js';

const text = readFileSync(new URL('../../docs/util-linux.md', import.meta.url), 'utf8');

/** What the document says is not there. */
const ABSENT = ['--map-foreign'];

/** The options that the first cells of a section's rows name, those between two kinds included. */
function documented(command: string): Set<string> {
  const section = text.split(/^## /m).find((part) => part.startsWith(`isol8 ${command}\n`)) ?? '';
  const cells = section
    .split('\n')
    .flatMap((line) => (/^\| .*`/.test(line) ? [line.split(' | ')[0] as string] : []));
  const names = cells.flatMap((cell) => cell.match(/(?<=[`, ])--?[A-Za-z][a-z-]*/g) ?? []);
  const isRange = cells.some((cell) => cell.includes('…'));
  return new Set([...names, ...(isRange ? ALL_KINDS.map((kind) => `--${KINDS[kind].option}`) : [])]);
}

const namesOf = ({ name, short }: OptionSpec): string[] => [`--${name}`, ...(short ? [`-${short}`] : [])];

describe('docs/util-linux.md', () => {
  for (const command of [unshareCommand, enterCommand, lsCommand] as readonly CommandSpec[]) {
    const rows = documented(command.name);
    it(`has a row for every option of isol8 ${command.name}`, () => {
      const missing = command.options.filter((option) => !namesOf(option).some((name) => rows.has(name)));
      assert.deepEqual(
        missing.map(({ name }) => name),
        [],
      );
    });
    it(`has no row for what isol8 ${command.name} does not take`, () => {
      const known = [...command.options.flatMap(namesOf), ...ABSENT];
      assert.deepEqual(
        [...rows].filter((name) => !known.includes(name)),
        [],
      );
    });
  }
});
