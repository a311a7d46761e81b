/** One process makes a UTS namespace; this program joins it by its path in /proc. */
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { Namespace, run, setns, spawn } from 'isol8';
import { asRoot } from './as-root.js';

await asRoot();

await using first = await spawn(['sleep', '60'], { namespaces: ['uts'], hostname: 'new-namespace' });
const path = `/proc/${first.pid}/ns/uts`;
console.log(`Process ${first.pid} is in ${readlinkSync(path)}`);
console.log(`Process ${process.pid} is in ${readlinkSync('/proc/self/ns/uts')}: ${hostname()}`);

using target = Namespace.open(path);
setns(target);
console.log(`Process ${process.pid} has joined ${readlinkSync('/proc/self/ns/uts')}: ${hostname()}`);

const shell = await run(['sh', '-c', 'echo "$$ says $(hostname)"'], { namespaces: [] });
console.log(`Its shell ${shell.stdout.trim()}`);
