/** A mount namespace, and a new /proc in it: now ps and top show only what is in the PID namespace. */
import { readFileSync, readlinkSync } from 'node:fs';
import { run, type SpawnSpec } from 'isol8';
import { asRoot } from './as-root.js';

await asRoot();

const spec: SpawnSpec = { namespaces: ['uts', 'pid', 'mnt'], hostname: 'children', init: false };
const before = readFileSync('/proc/self/mountinfo', 'utf8');
console.log(`The parent is in ${readlinkSync('/proc/self/ns/mnt')}`);

const shell = await run(['sh', '-c', 'echo "process $$ in $(readlink /proc/self/ns/mnt)"'], spec);
console.log(`A child is ${shell.stdout.trim()}`);

for (const command of ['ps -e -o pid,comm', 'top -b -n 1']) {
  const { stdout } = await run(['sh', '-c', `${command}; exit`], spec);
  const words = stdout.split('\n').map((line) => line.trim().split(/\s+/));
  const processes = words.filter(([pid]) => Number(pid) > 0).map((line) => `${line[0]} ${line.at(-1)}`);
  console.log(`In a child, ${command} shows ${processes.sort().join(', ')}`);
}

const after = readFileSync('/proc/self/mountinfo', 'utf8');
console.log(`The mounts of the parent are ${before === after ? 'what they were' : 'others now'}`);
