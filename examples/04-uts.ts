/** A child with a host name of its own. */
import { hostname } from 'node:os';
import { run } from 'isol8';
import { asRoot } from './as-root.js';

await asRoot();

const script = 'echo "The child $$ says $(hostname), and uname says $(uname -n)"; readlink /proc/self/ns/uts';
const child = await run(['sh', '-c', script], { namespaces: ['uts'], hostname: 'children' });
console.log(child.stdout.trim());

const parent = await run(['sh', '-c', 'readlink /proc/self/ns/uts'], { namespaces: [] });
console.log(`The parent ${process.pid} says ${hostname()}`);
console.log(parent.stdout.trim());
