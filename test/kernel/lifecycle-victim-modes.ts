/** One way for a Node process to end, each with processes of ours about. */
import { run, spawn } from '../../src/index.js';

const sleeper = () => spawn(['sleep', '60'], { stdio: 'ignore' });
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

const modes: Record<string, () => Promise<unknown>> = {
  async idle() {
    await run(['true']);
    await (await spawn(['sh', '-c', 'echo never read'])).exited;
  },
  async waits() {
    const child = await spawn(['sh', '-c', 'sleep 0.2; exit 5'], { stdio: 'ignore' });
    void child.exited.then(({ exitCode }) => say(`ended with ${exitCode}`));
  },
  async exit() {
    await sleeper();
    void Promise.all([sleeper(), sleeper(), sleeper()]);
    setTimeout(() => process.exit(3), 1);
  },
  async 'exit-at-once'() {
    void sleeper();
    process.exit(3);
  },
  async exception() {
    await sleeper();
    void sleeper();
    setImmediate(() => {
      console.error = () => {};
      process.on('uncaughtException', () => process.exit(1));
      throw new Error('on purpose');
    });
  },
  async setuid() {
    await run(['true']);
    // An ordinary user may become only itself; the threads are all asked alike.
    process.setuid?.(process.getuid?.() === 0 ? 65_534 : (process.getuid?.() as number));
    say('is someone else');
  },
};

await modes[process.argv[2] as string]?.();
