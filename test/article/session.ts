/**
 * What the guide shows of a terminal, docs/guide/sessions/*.txt, against what the same commands print here. A line that
 * starts with `$ ` is a command, `…` alone stands for any number of lines. What differs from one machine or moment to the
 * next is compared by a rule:
 *
 * - the inode of a namespace may be another one, but what is equal in the guide is equal here, and what differs differs;
 * - a number may be another one, except 0, 1 and those in {@link FACTS}; so may a duration and a hexadecimal number;
 * - an IPv4 address, with its prefix length or without, and the number of a port are the same: every session that has some
 *   makes its networks itself;
 * - `my-machine` is the name of this machine;
 * - how many spaces there are does not matter, and empty lines do not count.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '../kernel/cli-program.js';
import { outputOf } from './example.js';

/** A week, the overflow ids, and the size of a segment. */
const FACTS = new Set(['0', '1', '604800', '65534', '1024']);

export interface Step {
  readonly command: string;
  readonly lines: readonly string[];
}

export function parseSession(text: string): Step[] {
  const [, ...steps] = `\n${text}`.split('\n$ ');
  return steps.map((step) => {
    const [command, ...lines] = step.split('\n');
    return { command: command as string, lines: lines.filter((line) => line.trim() !== '') };
  });
}

/** Runs the commands one after another in one bash that finds `isol8`, and gives the lines of each. */
export function runSession(steps: readonly Step[], before: readonly string[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), 'isol8-guide-'));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'isol8'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`, {
    mode: 0o755,
  });
  const divider = `-- ${folder} --`;
  const script = ['exec 2>&1', ...steps.map(({ command }) => `${command}\necho '${divider}'`)].join('\n');
  const PATH = `${folder}:${join(process.execPath, '..')}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`;
  try {
    const output = outputOf([...before, 'bash', '-c', script], {
      PATH,
      HOME: '/',
      TERM: 'xterm',
      LC_ALL: 'C',
    });
    const parts = output.split(`${divider}\n`).slice(0, -1);
    return parts.map((part) => part.split('\n').filter((line) => line.trim() !== ''));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const HOST = new RegExp(`(?<![\\w-])${hostname().replaceAll('.', '\\.')}(?![\\w-])`, 'g');
const INODE = /\[\d{4,}\]/g;

const FIXED = /(\b\d+\.\d+\.\d+\.\d+(?:\/\d+)?\b|\bport \d+\b)/;

/** A line without what may differ. */
function skeleton(line: string): string {
  const parts = line.split(FIXED).map((part, i) => (i % 2 === 1 ? part : withoutNumbers(part)));
  return parts.join('').replaceAll(/\s+/g, ' ').trim();
}

function withoutNumbers(text: string): string {
  return text
    .replaceAll(INODE, '[INODE]')
    .replaceAll(/0x[0-9a-f]+/g, 'HEX')
    .replaceAll(/-?\b(\d+(\.\d+)?(ms|us|ns|[dhms]))+\b/g, 'DURATION')
    .replaceAll(/\b\d+(\.\d+)?\b/g, (number) => (FACTS.has(number) ? number : 'N'));
}

/** Pairs the lines of the guide with those printed; throws where they part. */
function pair(expected: readonly string[], actual: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  let next = 0;
  let skipping = false;
  for (const line of expected) {
    if (line.trim() === '…') {
      skipping = true;
      continue;
    }
    const same = (other: string): boolean =>
      skeleton(other.replaceAll(HOST, 'my-machine')) === skeleton(line);
    const at = skipping ? actual.findIndex((other, i) => i >= next && same(other)) : next;
    const other = actual[at];
    if (other === undefined || !same(other))
      assert.fail(`not printed: ${line}\ninstead:\n${actual.slice(next).join('\n')}`);
    pairs.push([line, other]);
    next = at + 1;
    skipping = false;
  }
  assert.ok(skipping || next === actual.length, `printed as well:\n${actual.slice(next).join('\n')}`);
  return pairs;
}

/** Throws where what was printed is not what the guide shows, by the rule above. */
export function compareSession(steps: readonly Step[], printed: readonly (readonly string[])[]): void {
  assert.equal(printed.length, steps.length);
  const pairs = steps.flatMap(({ lines }, i) => pair(lines, printed[i] ?? []));
  const inodes = pairs.flatMap(([guide, here]) => {
    const others = here.match(INODE) ?? [];
    return (guide.match(INODE) ?? []).map((inode, i) => [inode, others[i]] as const);
  });
  for (const [inode, other] of inodes)
    for (const [again, otherAgain] of inodes)
      assert.equal(
        inode === again,
        other === otherAgain,
        `${inode} and ${again} here: ${other}, ${otherAgain}`,
      );
}
