/** A user namespace: without a map everybody is 65534, with one the child is root inside and an ordinary user outside. */
import { chownSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, spawn } from 'isol8';

const who = 'echo "user $(id -u), group $(id -g)"';
const read = (path: string): string => readFileSync(path, 'utf8').trim();

const nobody = await run(['sh', '-c', who], { namespaces: ['user'], mapUsers: 'none', mapGroups: 'none' });
console.log(`Without a map: ${nobody.stdout.trim()}`);
console.log(`  overflowuid is ${read('/proc/sys/kernel/overflowuid')}`);
console.log(`  overflowgid is ${read('/proc/sys/kernel/overflowgid')}`);

// Root may map any user; an ordinary one only itself.
const uid = process.getuid?.() || 1000;
const gid = process.getgid?.() || 1000;
const folder = mkdtempSync(join(tmpdir(), 'isol8-'));
chownSync(folder, uid, gid);

await using child = await spawn(['sh', '-c', `${who}; touch ${folder}/file; read wait`], {
  namespaces: ['user'],
  mapUsers: [{ inner: 0, outer: uid, count: 1 }],
  mapGroups: [{ inner: 0, outer: gid, count: 1 }],
  setgroups: 'deny',
});
const said = await child.stdout?.take(1).toArray();
console.log(`With a map: ${said?.join('').trim()}`);
for (const name of ['uid_map', 'gid_map', 'setgroups'])
  console.log(`  ${name} is ${read(`/proc/${child.pid}/${name}`)}`);

const [, outside] = /^Uid:\s+(\d+)/m.exec(read(`/proc/${child.pid}/status`)) ?? [];
console.log(`Outside, process ${child.pid} belongs to user ${outside}`);

child.stdin?.end('\n');
await child.exited;
console.log(`The file it has made belongs to user ${statSync(join(folder, 'file')).uid}`);
rmSync(folder, { recursive: true });
