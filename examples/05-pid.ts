/** A child that is process 1, and has another number outside. Its /proc is still the host's, and so is what ps shows. */
import { readFileSync } from 'node:fs';
import { spawn } from 'isol8';
import { asRoot } from './as-root.js';

await asRoot();

const script = `read go
echo "The child says it is process $$"
echo "Its ps still finds process" $(ps -o pid= -p ${process.pid})`;
await using child = await spawn(['sh', '-c', script], {
  namespaces: ['uts', 'pid'],
  hostname: 'children',
  init: false, // else isol8 puts a PID 1 of its own there, and the shell is process 2
  proc: false,
});

console.log(`The parent is process ${process.pid}, and sees the child as process ${child.pid}`);
const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
console.log(`Its numbers, outside and inside: ${/^NSpid:\s+(.*)$/m.exec(status)?.[1]}`);

child.stdin?.end('\n');
const said = await child.stdout?.toArray();
console.log(said?.join('').trim());
