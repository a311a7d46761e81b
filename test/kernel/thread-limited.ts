/** Started where there may be no net namespace: says what unshare() says then. */
import { type Isol8Error, unshare } from '../../src/index.js';

try {
  unshare(['uts', 'net']);
} catch (error) {
  const { code, message } = error as Isol8Error;
  process.stdout.write(`${code} ${message}\n`);
}
