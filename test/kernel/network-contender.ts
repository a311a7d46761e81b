/** One of several programs that make, use and remove the same networks: `SEED OPERATIONS`. Prints what went wrong. */
import {
  type Attachment,
  createNamespaces,
  type Isol8Error,
  type Namespace,
  Network,
} from '../../src/index.js';

const [seed = 1, operations = 1] = process.argv.slice(2).map(Number);
const NAMES = ['north', 'east', 'south'];
/** About a name that is taken, gone, or in use, because another program was faster. */
const EXPECTED = [
  /^EEXIST create network \w+: there is one\./,
  /^ENOENT there is no network \w+\./,
  /^ENOENT network \w+ was removed, and there is another one of that name now\./,
  /^EBUSY remove network \w+: .* attached to it\./,
];

let state = seed * 2654435761;
function random(below: number): number {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0; // of POSIX's rand(3)
  return (state >>> 8) % below;
}

const attached: { namespace: Namespace; attachment: Attachment }[] = [];

async function attach(name: string): Promise<void> {
  const network = await Network.open(name);
  const { net } = await createNamespaces(['net']);
  try {
    attached.push({
      namespace: net as Namespace,
      attachment: await network.attach(net as Namespace, { name: `m${seed}` }),
    });
  } catch (error) {
    net?.[Symbol.dispose]();
    throw error;
  } finally {
    network.close();
  }
}

async function detach(): Promise<void> {
  const last = attached.pop();
  if (last === undefined) return;
  if (random(2) === 0) await last.attachment.detach();
  last.namespace[Symbol.dispose](); // or it ends with the namespace
}

async function remove(name: string): Promise<void> {
  const network = await Network.open(name);
  try {
    await network.remove({ force: random(3) === 0 });
  } finally {
    network.close();
  }
}

async function operate(): Promise<void> {
  const name = NAMES[random(NAMES.length)] as string;
  const what = random(10);
  if (what < 2) (await Network.create({ name, persistent: true })).close();
  else if (what < 6) await attach(name);
  else if (what < 9) await detach();
  else await remove(name);
}

for (let i = 0; i < operations; i++) {
  try {
    await operate();
  } catch (error) {
    const { code, message, stack } = error as Isol8Error;
    if (!EXPECTED.some((expected) => expected.test(`${code} ${message}`))) console.log(stack);
  }
}
while (attached.length > 0) await detach();
