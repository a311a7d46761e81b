/** Starts a program of which the kernel refuses something each time; says what came of it, and what has been left by then. */
import { spawn } from '../../src/index.js';
import { children, descriptors, whenNone } from './lifecycle-census.js';

/**
 * What the program ended with, or why it could not be started. A PID 1 of ours would make some of the calls, too, and under strace
 * newuidmap has no privilege.
 */
const attempt = (): Promise<string> =>
  spawn(['true'], { init: false, mapUsers: 'root', stdio: ['ignore', 'pipe', 'ignore'] })
    .then((child) => child.exited)
    .then(
      ({ exitCode }) => `exited with ${exitCode}`,
      (error: Error) => error.message,
    );

// The launch thread keeps what it opens once, also when the first start fails.
const outcomes = [await attempt()];
const before = descriptors();
for (let round = 0; round < 5; round++) outcomes.push(await attempt());
const left = await whenNone(() => [
  ...descriptors().filter((each) => !before.includes(each)),
  ...children().map((pid) => `child ${pid}`),
]);
process.stdout.write(`${JSON.stringify({ outcomes: [...new Set(outcomes)], left })}\n`);
