/**
 * Takes the place of src/syscalls/addon.ts in the executable: the addon is found by the compiler (the literal
 * in `require`) and travels inside the file.
 */
import { UnsupportedError } from '../../src/foundation/errors.js';
import type { Addon } from '../../src/syscalls/addon.js';

/** There is no file beside the executable. */
export function launcherPath(): string | undefined {
  return undefined;
}

export function loadAddon(): Addon {
  try {
    const addon = require('./isol8.node') as Partial<Addon>;
    // After one failure Bun hands out an empty module instead of failing again.
    if (!addon.syscall) throw new Error('it could not be unpacked');
    return addon as Addon;
  } catch (cause) {
    // Bun writes the addon to a file of this user before the dynamic linker can map it. It replaces what
    // another user has put there.
    const folder = process.env.BUN_TMPDIR ?? process.env.TMPDIR ?? '/tmp';
    throw new UnsupportedError(
      `load the addon: ${cause instanceof Error ? cause.message : cause}. The executable unpacks it to ${folder}, ` +
        'which must be writable and not mounted noexec; set BUN_TMPDIR to a folder that is.',
      { cause },
    );
  }
}
