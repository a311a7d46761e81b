import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

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
  };
}

/** The share of all cores, 0 to 1, that is busy while this process rests: what will disturb a measurement. */
export async function measureBusyShare(): Promise<number> {
  const before = cpuTimes();
  await sleep(500);
  const after = cpuTimes();
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}

function cpuTimes(): { idle: number; all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.flatMap((each) => Object.values(each))) };
}

export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

function versionOf(program: string): string {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return stdout?.trim().split(' ').at(-1) ?? 'not installed';
}
