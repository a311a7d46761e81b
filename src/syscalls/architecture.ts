import { UnsupportedError } from '../foundation/errors.js';

/** The processors that isol8 knows, by Node's names. */
export type Architecture = 'x64' | 'arm64';

/** This process's architecture. Throws UnsupportedError anywhere but on Linux on one of them. */
export function currentArchitecture(): Architecture {
  if (process.platform !== 'linux') {
    throw new UnsupportedError(
      `isol8 works on Linux only: namespaces are a feature of its kernel, and this is ${process.platform}. ` +
        'Run it in a Linux virtual machine or container.',
    );
  }
  if (process.arch !== 'x64' && process.arch !== 'arm64') {
    throw new UnsupportedError(
      `isol8 works on Linux on the processors x64 and arm64, and this is ${process.arch}.`,
    );
  }
  return process.arch;
}
