import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** What the figures depend on, printed once above them. */
export function describeMachine(): Record<string, string> {
  return {
    kernel: release(),
    cores: `${availableParallelism()} (${cpus()[0]?.model ?? 'unknown'})`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    node: process.version,
    user: process.getuid?.() === 0 ? 'root' : `uid ${process.getuid?.()}`,
    unshare: versionOf('unshare'),
    bwrap: versionOf('bwrap'),
    'load average': loadavg()[0]?.toFixed(2) ?? '',
  };
}

export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

function versionOf(program: string): string {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return stdout?.trim().split(' ').at(-1) ?? 'not installed';
}
