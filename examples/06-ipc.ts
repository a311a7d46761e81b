/** System V shared memory and a message queue of the parent's: only a child that shares its IPC namespace sees them. */
import { readlinkSync } from 'node:fs';
import { type NamespaceKind, run, spawn } from 'isol8';
import { asRoot } from './as-root.js';

await asRoot();

/** Runs a program that shares everything with this one; gives the last word that it says. */
async function shared(...command: string[]): Promise<string> {
  const { stdout } = await run(command, { namespaces: [] });
  return stdout.trim().split(' ').at(-1) ?? '';
}

const memory = await shared('ipcmk', '-M', '1024');
const queue = await shared('ipcmk', '-Q');
console.log(`The parent is in ${readlinkSync('/proc/self/ns/ipc')}`);
console.log(`It has made shared memory ${memory} and message queue ${queue}`);

/** What ipcs lists of the two, in a child with these new namespaces. */
async function look(namespaces: NamespaceKind[]): Promise<void> {
  const script = `read go; ipcs -m | awk '$2 == "${memory}"'; ipcs -q | awk '$2 == "${queue}"'`;
  await using child = await spawn(['sh', '-c', script], { namespaces, hostname: 'children' });
  const inode = readlinkSync(`/proc/${child.pid}/ns/ipc`);
  child.stdin?.end('\n');
  const said = await child.stdout?.toArray();
  console.log(`The child with new ${namespaces.join(' and ')} is in ${inode} and sees`);
  console.log(said?.join('').trim() || 'nothing');
}

try {
  await look(['uts', 'ipc']);
  await look(['uts']);
} finally {
  await shared('ipcrm', '-m', memory, '-q', queue);
}
