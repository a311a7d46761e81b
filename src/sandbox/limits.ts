import { syscall } from '../syscalls/binding.js';

/** prlimit(2) of this process, `resource` being an RLIMIT_ number. */
export function readLimit(resource: number): { soft: bigint; hard: bigint } {
  const limit = new Uint8Array(16);
  syscall('prlimit64', [0, resource, null, limit], 'its limits');
  const view = new DataView(limit.buffer);
  return { soft: view.getBigUint64(0, true), hard: view.getBigUint64(8, true) };
}
