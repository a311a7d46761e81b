/** Has one sandbox stopped before each step of a plan, says so, and waits to be killed. */
import { closeDescriptor, syscall } from '../../src/syscalls/binding.js';
import { O } from '../../src/syscalls/constants.js';
import { living, until } from './lifecycle-census.js';
import { boundaries, launchStopped, SPECS, settled, untilParentGone } from './lifecycle-plans.js';

const spec = SPECS[process.argv[2] as string] as object;
const pair = new Int32Array(2);
syscall('pipe2', [pair, O.CLOEXEC], 'a pipe');
const [read] = pair as unknown as [number, number];
const stopped = Array.from({ length: boundaries(spec) }, (_, boundary) =>
  launchStopped(spec, boundary, untilParentGone, [read]),
);
await Promise.all(stopped.map(settled));
const inSession = (): number => living((_, session) => session === process.pid).length;
await until(() => inSession() > stopped.length, 'each has a process beside this one');
process.stdout.write(`${stopped.length}\n`);
closeDescriptor(read);
setInterval(() => {}, 1000);
