#!/usr/bin/env node
/**
 * The program of the package: starts the command line beside it, with what this very build of Node has compiled of that before,
 * if it has. See docs/decisions/015.
 */
import { readFileSync, statSync } from 'node:fs';
import { Script } from 'node:vm';

const path = `${__dirname}/command.js`;

/** scripts/compile/code-cache.mjs has named it so. V8 itself tells builds of one version apart by little. */
function compiled(): Buffer | undefined {
  try {
    const { size } = statSync(process.execPath);
    return readFileSync(`${__dirname}/command-${process.version}-${process.arch}-${size}.cache`);
  } catch {
    return undefined;
  }
}

const cachedData = compiled();
const script = new Script(readFileSync(path, 'latin1'), {
  filename: path,
  ...(cachedData === undefined ? {} : { cachedData }),
});
script.runInThisContext()(exports, require, module, path, __dirname);
