/** A Worker that leaves its uts namespace and says what it is called then. */
import { hostname } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { sethostname, unshare } from '../../src/index.js';

unshare(['uts']);
sethostname('worker');
parentPort?.postMessage(hostname());
