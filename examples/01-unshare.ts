/** This program leaves its UTS namespace for a new one, and names the host in there. */
import { readdirSync, readlinkSync } from 'node:fs';
import { run, sethostname, spawn, unshare } from 'isol8';
import { asRoot } from './as-root.js';

await asRoot();

// Like a second terminal: a shell that was there before stays where it is.
await using outside = await spawn(['sh'], { namespaces: [] });
console.log(`The UTS namespace is ${readlinkSync('/proc/self/ns/uts')}`);

unshare(['uts']);
sethostname('new-namespace');

const shell = await run(['sh', '-c', 'hostname'], { namespaces: [] });
console.log(`A shell started now says: ${shell.stdout.trim()}`);

outside.stdin?.end('hostname\n');
const said = await outside.stdout?.toArray();
console.log(`The shell outside says: ${said?.join('').trim()}`);

console.log('The links of /proc/self/ns are now');
for (const name of readdirSync('/proc/self/ns').sort())
  console.log(`  ${name} -> ${readlinkSync(`/proc/self/ns/${name}`)}`);
