/** A test file that runs once more as a whole: as somebody else, or in namespaces of its own. */
import { nodeCommand } from './node-command.js';

const deadline = new URL('../../scripts/test-deadline.mjs', import.meta.url).pathname;

/** The command line that does it. */
export function testAgain(file: string): [string, ...string[]] {
  const [node, ...loaded] = nodeCommand(new URL(file).pathname);
  return [node, '--enable-source-maps', '--import', deadline, '--test', ...loaded];
}

/** Its environment. What never ends is to say so before whoever waits for it is out of patience. */
export function environmentAgain(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, ISOL8_TEST_FILE_SECONDS: limit = '300', ...inherited } = process.env;
  return { ...inherited, ISOL8_TEST_FILE_SECONDS: `${Math.floor(0.8 * Number(limit))}` };
}
