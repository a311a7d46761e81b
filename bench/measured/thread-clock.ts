import type * as Binding from '../../src/syscalls/binding.js';
import { loadModule } from './isol8.js';

const CLOCK_THREAD_CPUTIME_ID = 3;

/**
 * Milliseconds that the JavaScript thread has computed. The event loop's own account (eventLoopUtilization) also
 * counts time in which the thread could run but others did, and Node 20 has no call for this.
 */
export async function openThreadClock(): Promise<() => number> {
  const { trySyscall } = await loadModule<typeof Binding>('syscalls/binding.js');
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  return () => {
    trySyscall('clock_gettime', CLOCK_THREAD_CPUTIME_ID, bytes);
    return Number(view.getBigInt64(0, true)) * 1e3 + Number(view.getBigInt64(8, true)) / 1e6;
  };
}
