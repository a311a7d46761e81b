/** Gives up inside of a namespace what the way back takes. The last line is never reached. */
import { writeSync } from 'node:fs';
import { createNamespaces, withNamespace } from '../../src/index.js';

const STDOUT = 1;
const made = await createNamespaces(['net']);
if (!made.net) throw new Error('there is no net namespace');
withNamespace(made.net, () => {
  writeSync(STDOUT, 'inside\n');
  process.setuid?.(1000);
});
writeSync(STDOUT, 'outside\n');
