/** Starts sandboxes and ends them, without an end of its own: to be killed. */
import { spawn } from '../../src/index.js';
import { SPECS } from './lifecycle-plans.js';

const specs = Object.values(SPECS).filter(({ namespaces }) => namespaces === undefined);

async function loop(index: number): Promise<never> {
  for (;;) {
    const spec = specs[index++ % specs.length];
    const child = await spawn(['sh', '-c', 'sleep 60 & setsid sleep 60 & wait'], {
      ...spec,
      stdio: 'ignore',
    });
    if (index % 2 === 0) child.kill('SIGKILL');
    await Promise.race([child.exited, new Promise((resolve) => setTimeout(resolve, 5))]);
  }
}

process.stdout.write('up\n');
await Promise.all([0, 1, 2].map(loop));
