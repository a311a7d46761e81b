import { readTextFileIfAny } from '../syscalls/files.js';

/** Of a thread, by its folder in /proc. process.umask() would set it for a moment, in all threads. */
export function umaskOf(thread: string): number | undefined {
  const [, octal] = /^Umask:\s*([0-7]+)$/m.exec(readTextFileIfAny(`${thread}/status`) ?? '') ?? [];
  return octal === undefined ? undefined : Number.parseInt(octal, 8);
}
