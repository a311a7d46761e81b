import { spawn } from 'isol8';

/**
 * Root may make namespaces. An ordinary user may only make a user namespace and be root in there: that is where this
 * starts the present program once more, and ends as it does.
 */
export async function asRoot(): Promise<void> {
  if (process.getuid?.() === 0) return;
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = await spawn(again, { namespaces: ['user'], mapUsers: 'root', stdio: 'inherit' });
  process.exit((await child.exited).exitCode ?? 1);
}
