/**
 * `npm run bench -- [--json FILE] [--effort N] [NAME…]`: measures isol8 beside its peers in the same run and prints
 * what came out. Nothing fails when a target is missed: the figures are for a person to read.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench } from './bench.js';
import { blockedBench } from './blocked.js';
import { carryBench } from './carry.js';
import { commandLineBench } from './command-line.js';
import { compileBench } from './compile.js';
import { Compiled } from './compiled.js';
import type { Table } from './figures.js';
import { judge, median, quantile } from './figures.js';
import { heapBench } from './heap.js';
import { joinBench } from './join.js';
import { listBench } from './list.js';
import { describeMachine, measureBusyShare } from './machine.js';
import { DIST } from './measured-node.js';
import { networkBench } from './network.js';
import { nftablesBench } from './nftables.js';
import { pid1Bench } from './pid1.js';
import { routeDumpBench } from './route-dump.js';
import { spawnBench } from './spawn.js';
import { printTable } from './table.js';
import { throughputBench } from './throughput.js';

const BENCHES = [
  spawnBench,
  heapBench,
  blockedBench,
  compileBench,
  throughputBench,
  pid1Bench,
  commandLineBench,
  joinBench,
  listBench,
  nftablesBench,
  networkBench,
  carryBench,
  routeDumpBench,
];

function select(names: readonly string[]): Bench[] {
  const unknown = names.filter((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    const known = BENCHES.map(({ name }) => name).join(', ');
    throw new Error(`no bench is called ${unknown.join(', ')}; there are ${known}`);
  }
  return BENCHES.filter(({ name }) => names.length === 0 || names.includes(name));
}

function buildIfMissing(): void {
  if (!existsSync(join(DIST, 'index.js'))) execFileSync('npm', ['run', 'build'], { stdio: 'inherit' });
}

/** A table as data: quantiles instead of samples. */
function summarize(table: Table) {
  const figures = table.figures.map((figure) => ({
    what: figure.what,
    count: figure.samples.length,
    p10: quantile(figure.samples, 0.1),
    median: median(figure.samples),
    p90: quantile(figure.samples, 0.9),
    targets: judge(figure, table).map(({ target, ratio, met }) => ({
      target: target.text,
      of: target.of,
      ratio,
      met,
    })),
  }));
  return { title: table.title, unit: table.unit, figures, skipped: table.skipped ?? [] };
}

async function reportDisturbance(): Promise<void> {
  const busy = await measureBusyShare();
  if (busy > 0.1)
    console.log(`Others keep the cores ${(busy * 100).toFixed(0)} % busy: trust ratios at most.\n`);
}

function parseEffort(text: string): number {
  const effort = Number(text);
  if (!(effort > 0)) throw new Error(`--effort ${text}: it must be a number above 0`);
  return effort;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'string' }, effort: { type: 'string', default: '1' } },
    allowPositionals: true,
  });
  const benches = select(positionals);
  const effort = parseEffort(values.effort);
  buildIfMissing();
  const machine = describeMachine();
  for (const [fact, value] of Object.entries(machine)) console.log(`${fact}: ${value}`);
  console.log();
  const tables: Table[] = [];
  await using compiled = await Compiled.make();
  for (const bench of benches) {
    await reportDisturbance();
    const made = await bench.run({ compiled, effort });
    for (const table of made) console.log(printTable(table));
    tables.push(...made);
  }
  if (values.json !== undefined) {
    await writeFile(values.json, `${JSON.stringify({ machine, tables: tables.map(summarize) }, null, 2)}\n`);
  }
}

await main();
