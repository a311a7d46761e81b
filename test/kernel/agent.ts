/**
 * Started by caller.ts as another user: reads a request a line, {"run": command, "spec": spec}, from standard input and
 * answers each with a line: the result of run(), or the error with the fields that errors have.
 */
import { createInterface } from 'node:readline';
import { run } from '../../src/index.js';

for await (const line of createInterface({ input: process.stdin })) {
  const { command, spec } = JSON.parse(line);
  const answer = await run(command, spec).then(
    (result) => ({ result }),
    (error: Error) => ({ error: { ...error, name: error.name, message: error.message } }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
