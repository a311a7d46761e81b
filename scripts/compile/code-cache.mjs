/**
 * `node scripts/compile/code-cache.mjs FOLDER`: writes down beside FOLDER/command.js what V8 has compiled of it when run, unshare
 * and enter have gone their way up to where they would become the launcher. It is for this build of Node alone, which
 * src/cli/start.ts knows by the file's name.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { Script } from 'node:vm';

const COMMANDS = [
  [':0:1024', 'run', '--', 'true'],
  [':0:1024', 'unshare', '--uts', 'true'],
  [':0:1024', 'enter', `--target=${process.pid}`, '--uts', 'true'],
];

const folder = resolve(process.argv[2]);
const path = join(folder, 'command.js');
const script = new Script(readFileSync(path, 'latin1'), { filename: path });
const require = createRequire(path);
const { dlopen, exit } = process;

/** The addon but for its last step. */
process.dlopen = (module, file) => {
  dlopen(module, file);
  const become = () => {
    throw new Error('this is far enough');
  };
  module.exports = Object.create(module.exports, { become: { value: become } });
};

for (const command of COMMANDS) {
  process.argv.splice(1, Number.POSITIVE_INFINITY, path, ...command);
  await new Promise((ended) => {
    process.exit = ended;
    const module = { exports: {} };
    script.runInThisContext()(module.exports, require, module, path, folder);
  });
}
const { size } = statSync(process.execPath);
const name = `command-${process.version}-${process.arch}-${size}.cache`;
writeFileSync(join(folder, name), script.createCachedData());
exit(0);
