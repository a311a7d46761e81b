/** The command line of Node with a program of the tests: `npm test` has compiled it; without that, tsx does. */
export function nodeCommand(program: string): [string, ...string[]] {
  return import.meta.url.endsWith('.js')
    ? [process.execPath, program.replace(/\.ts$/, '.js')]
    : [process.execPath, '--import', 'tsx', program];
}
