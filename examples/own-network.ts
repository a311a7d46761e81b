import { run, spawn } from 'isol8';

/**
 * Starts the present program once more, as root of network and mount namespaces of its own, and ends as it does. What it does
 * there the machine does not notice: there is no link but lo, nobody keeps anything in /run, and no name server is known.
 */
export async function inOwnNetwork(): Promise<void> {
  if (process.env.OWN_NETWORK !== undefined) return;
  const isRoot = process.getuid?.() === 0;
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = await spawn(again, {
    namespaces: isRoot ? ['net', 'mnt'] : ['user', 'net', 'mnt'],
    ...(isRoot ? {} : { mapUsers: 'root' }),
    mounts: [
      { type: 'bind', source: '/dev/null', destination: '/etc/resolv.conf' },
      { type: 'tmpfs', destination: '/run' },
    ],
    env: { ...process.env, OWN_NETWORK: '1' },
    stdio: 'inherit',
  });
  process.exit((await child.exited).exitCode ?? 1);
}

/** Runs the command that the program was given, if any: `node --import tsx examples/11-network.ts bash`. */
export async function lookAround(): Promise<void> {
  const [, , ...command] = process.argv;
  if (command.length > 0) await run(command, { namespaces: [], stdio: 'inherit' });
}
