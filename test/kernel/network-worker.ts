/** A Worker that makes a network, removes it when it is told to, and then stays. */
import { parentPort, workerData } from 'node:worker_threads';
import { Network } from '../../src/index.js';

const network = await Network.create({ name: `worker-${workerData}`, subnet6: false });
parentPort?.postMessage('created');
parentPort?.once('message', async () => {
  await network.remove();
  network.close();
  parentPort?.postMessage('removed');
  parentPort?.once('message', () => process.exit());
});
