import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

/** What lsns(8) prints. It fails without a word when a process ends while it reads /proc: then it is asked again. */
export function lsns(...args: string[]): string {
  for (let attempt = 1; ; attempt++) {
    const { status, stdout, stderr } = spawnSync('lsns', args, { encoding: 'utf8' });
    if (status === 0) return stdout.trim();
    assert.ok(attempt < 100, `lsns ${args.join(' ')}: ${status} ${stderr}`);
  }
}
