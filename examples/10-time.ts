/** A time namespace: two clocks of the child are moved, back and ahead; the host's go on. */
import { readFileSync } from 'node:fs';
import { run } from 'isol8';
import { asRoot } from './as-root.js';

await asRoot();

const week = 7 * 24 * 60 * 60;
const uptime = (): number => Number.parseInt(readFileSync('/proc/uptime', 'utf8'), 10);
const monotonic = (): number => process.hrtime()[0]; // clock_gettime(CLOCK_MONOTONIC)

/** Runs a child with both clocks moved, and says what it sees there. */
async function look(seconds: number): Promise<void> {
  const node = `'${process.execPath}' -p 'process.hrtime()[0]'`;
  const script = `cut -d. -f1 /proc/uptime; ${node}; cat /proc/self/timens_offsets`;
  const { stdout } = await run(['sh', '-c', script], {
    namespaces: ['time'],
    timeOffsets: { monotonic: seconds, boottime: seconds },
  });
  const [up, clock, ...offsets] = stdout.trim().split('\n');
  console.log(`/proc/uptime says ${up} inside and ${uptime()} outside`);
  console.log(`The monotonic clock says ${clock} inside and ${monotonic()} outside`);
  console.log(offsets.join('\n'));
}

try {
  console.log('A week back:');
  await look(-week);
} catch (error) {
  // No clock may be negative, so this takes a machine that has been up for a week.
  console.log((error as Error).message);
  console.log('Half of the time since the start, then:');
  await look(-Math.floor(uptime() / 2));
}
console.log('A week ahead:');
await look(week);
