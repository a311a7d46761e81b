/**
 * Loaded into every test file's process. A file that is still waiting for something after its last test (a
 * leaked pipe, a child) would stall the run for ever on Node 24, so it fails here and says what is open.
 */
import { isMainThread } from 'node:worker_threads';

const seconds = Number(process.env.ISOL8_TEST_FILE_SECONDS ?? 300);

// The runner itself loads this too, and a file's worker threads do; neither is a test file.
if (isMainThread && process.env.NODE_TEST_CONTEXT !== undefined) {
  setTimeout(() => {
    const open = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(`${process.argv[1]}: not finished after ${seconds} s, still open: ${open}\n`);
    process.exit(1);
  }, seconds * 1000).unref();
}
