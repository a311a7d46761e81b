/** Starts an uplink, says the pids of what it has started, and waits to be killed. */
import { createNamespaces, type Namespace, startUplink } from '../../src/index.js';
import { children, descendants } from './lifecycle-census.js';

const made = await createNamespaces(['user', 'net']);
const kind = process.argv[2] as 'slirp4netns' | 'pasta' | '';
await startUplink(made.net as Namespace, { ...(kind ? { kind } : {}), publish: [{ port: 80 }] });
console.log(
  children()
    .flatMap((pid) => [pid, ...descendants(pid)])
    .join(' '),
);
