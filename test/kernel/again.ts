/** A test file that runs once more as a whole: as somebody else, or in namespaces of its own. */

const deadline = new URL('../../scripts/test-deadline.mjs', import.meta.url).pathname;

/** The command line that does it. */
export const testAgain = (file: string): [string, ...string[]] => [
  process.execPath,
  ...['--import', 'tsx', '--import', deadline, '--test', new URL(file).pathname],
];

/** Its environment. What never ends is to say so before whoever waits for it is out of patience. */
export function environmentAgain(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, ISOL8_TEST_FILE_SECONDS: limit = '300', ...inherited } = process.env;
  return { ...inherited, ISOL8_TEST_FILE_SECONDS: `${Math.floor(0.8 * Number(limit))}` };
}
