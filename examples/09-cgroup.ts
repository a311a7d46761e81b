/** A cgroup namespace: the group that the child starts in is its root, whatever the name of that is outside. */
import { readFileSync, readlinkSync } from 'node:fs';
import { spawn } from 'isol8';
import { asRoot } from './as-root.js';

await asRoot();

const script = 'read go; cat /proc/self/cgroup';
await using child = await spawn(['sh', '-c', script], { namespaces: ['cgroup'] });
const own = readFileSync('/proc/self/cgroup', 'utf8').trim();
const its = readFileSync(`/proc/${child.pid}/cgroup`, 'utf8').trim();

console.log(`The parent is in ${readlinkSync('/proc/self/ns/cgroup')}`);
console.log(`The child is in ${readlinkSync(`/proc/${child.pid}/ns/cgroup`)}`);
console.log(`Outside, both are in the ${own === its ? 'same groups' : 'wrong groups'}:\n${own}`);

child.stdin?.end('\n');
const said = await child.stdout?.toArray();
console.log(`The child sees itself in:\n${said?.join('').trim()}`);
