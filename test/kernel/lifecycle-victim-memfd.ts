/** Says under which vm.memfd_noexec it runs, whether isol8 works there, and whether it started its launcher from a memfd. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { run } from '../../src/index.js';

const write = async (spec: object): Promise<boolean> =>
  (await run(['sh', '-c', 'exec 9>>/proc/1/exe'], spec)).exitCode === 0;

const memfd = (): boolean =>
  readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === '/memfd:isol8 (deleted)';
    } catch {
      return false;
    }
  });

const answer = {
  setting: readFileSync('/proc/sys/vm/memfd_noexec', 'utf8').trim(),
  comm: (await run(['cat', '/proc/1/comm'])).stdout.trim(),
  wrote:
    (await write({})) ||
    (await write({ namespaces: ['pid', 'mnt'].concat(process.getuid?.() ? ['user'] : []) })),
  code: (await run(['sh', '-c', 'exit 3'], { namespaces: ['user', 'uts'] })).exitCode,
  memfd: memfd(),
};
process.stdout.write(`${JSON.stringify(answer)}\n`);
