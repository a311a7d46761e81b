/** Starts a sandbox that is to outlive it, says its pid, and waits to be killed. */
import { spawn } from '../../src/index.js';

const child = await spawn(['sleep', '60'], { dieWithParent: false, stdio: 'ignore' });
process.stdout.write(`${child.pid}\n`);
