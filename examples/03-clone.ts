/** A child without any new namespace: another process, but all else is the parent's. */
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { spawn } from 'isol8';

await using child = await spawn(['sh', '-c', 'echo "$$: $(hostname)"; read wait'], { namespaces: [] });
const said = await child.stdout?.take(1).toArray();
console.log(`The parent is process ${process.pid}: ${hostname()}`);
console.log(`The child is process ${said?.join('').trim()}`);

for (const kind of ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts']) {
  const own = readlinkSync(`/proc/self/ns/${kind}`);
  const its = readlinkSync(`/proc/${child.pid}/ns/${kind}`);
  console.log(`  ${own} and ${its}: ${own === its ? 'the same' : 'another'}`);
}
