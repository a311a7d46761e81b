/** Says what a start fails with where files may have the number of bytes that is given, and whether it works with more. */
import { Isol8Error, run } from '../../src/index.js';
import { trySyscall } from '../../src/syscalls/binding.js';
import { RLIMIT } from '../../src/syscalls/constants.js';
import { descriptors } from './lifecycle-census.js';

const UNLIMITED = 2n ** 64n - 1n;
const limit = (bytes: bigint): number =>
  trySyscall(
    'prlimit64',
    0,
    RLIMIT.fsize,
    new Uint8Array(new BigUint64Array([bytes, UNLIMITED]).buffer),
    null,
  );

const failure = async (...words: string[]): Promise<object> => {
  const before = descriptors();
  const error = await run(['true', ...words]).then(
    () => undefined,
    (reason) => reason,
  );
  const left = descriptors().filter((each) => !before.includes(each));
  return { isol8: error instanceof Isol8Error, code: error?.code, message: error?.message, left };
};

limit(BigInt(process.argv[2] as string));
const launcher = await failure();
limit(UNLIMITED);
const { exitCode } = await run(['sh', '-c', 'exit 3']);
limit(100_000n);
const plan = await failure('x'.repeat(70_000), 'x'.repeat(70_000), 'x'.repeat(70_000));
process.stdout.write(`${JSON.stringify({ launcher, exitCode, plan })}\n`);
