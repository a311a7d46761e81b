/**
 * The Node process that is measured: started as `node --expose-gc measured.mjs DIST`, without tsx, as a user's would
 * be. It answers the requests of protocol.ts one after the other.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { carry } from './carry.js';
import { takeCensus } from './census.js';
import { compileOften } from './compile.js';
import { enterOften } from './enter.js';
import { putInRules } from './network-rules.js';
import { measurePid1 } from './pid1.js';
import type { Answer, Request } from './protocol.js';
import { dumpRoutes } from './routes.js';
import { startMany, timeOne } from './start.js';
import { wireMembers } from './wire.js';

const kept: Buffer[] = [];

function allocate(mebibytes: number): { resident: number } {
  for (let i = 0; i < mebibytes; i++) kept.push(Buffer.alloc(2 ** 20, 1));
  return { resident: process.memoryUsage().rss / 1024 };
}

function answer(request: Request, dist: string): Promise<Answer<Request>> | Answer<Request> {
  switch (request.ask) {
    case 'spawn':
      return timeOne(request, dist);
    case 'many':
      return startMany(request, dist);
    case 'census':
      return takeCensus();
    case 'allocate':
      return allocate(request.mebibytes);
    case 'pid1':
      return measurePid1(request.command, dist);
    case 'enter':
      return enterOften(request, dist);
    case 'routes':
      return dumpRoutes(dist);
    case 'wire':
      return wireMembers(request, dist);
    case 'carry':
      return carry(request, dist);
    case 'network rules':
      return putInRules(request);
    case 'compile':
      return compileOften(request);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const result = await answer(JSON.parse(line) as Request, process.argv[2] as string);
  await sleep(0); // so that what the request left to the event loop is not charged to the next
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
