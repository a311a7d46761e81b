/** Every row of what an errno means happens in the kernel, and its text is what the launcher prints then. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cause, Circumstances } from '../../src/sandbox/causes/cause.js';
import { MOUNT_CAUSES } from '../../src/sandbox/causes/mounts.js';
import { NAMESPACE_CAUSES } from '../../src/sandbox/causes/namespaces.js';
import { PROCESS_CAUSES } from '../../src/sandbox/causes/process.js';
import { likelyCause } from '../../src/sandbox/causes.js';
import { failureTexts } from '../../src/sandbox/failure.js';
import { gatherCaller } from '../../src/sandbox/gather.js';
import { readLocks } from '../../src/sandbox/locks.js';
import { asField, inWords } from '../../src/sandbox/wording.js';
import { launcherPath } from '../../src/syscalls/addon.js';
import { currentArchitecture } from '../../src/syscalls/architecture.js';
import { encodePlan, syscallOf } from '../../src/syscalls/encode.js';
import { errnoNumber } from '../../src/syscalls/errno.js';
import type { Step } from '../../src/syscalls/plan.js';
import { exitStep } from '../../src/syscalls/steps.js';
import { syscallNumber } from '../../src/syscalls/table.js';
import { describeAsRoot } from './caller.js';
import { type CauseRow, causeRows, ELSEWHERE, NEVER } from './cause-rows.js';

const TABLE: readonly Cause[] = [...NAMESPACE_CAUSES, ...MOUNT_CAUSES, ...PROCESS_CAUSES];
const facts = gatherCaller();
const circumstancesOf = (step: Step): Circumstances => ({ step, facts, locks: readLocks() });
const failing = ({ steps }: CauseRow): Step => steps.at(-1) as Step;

/** The row that a failing step's text comes from: what is so for the step goes before what is so for the call. */
function rowOf(cause: CauseRow): Cause | undefined {
  const step = failing(cause);
  const call = syscallOf(step as Exclude<Step, { kind: 'supervise' }>);
  const rows = TABLE.filter(({ calls, errnos }) => calls.includes(call) && errnos.includes(cause.errno));
  const special = rows.find(({ explain }) => typeof explain !== 'string' && explain(circumstancesOf(step)));
  return special ?? rows.find(({ explain }) => typeof explain === 'string');
}

describeAsRoot(import.meta.url, 'each row of the causes', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'isol8-rows-'));
    chmodSync(folder, 0o755);
    const source = new URL('forbid-call.c', import.meta.url).pathname;
    const { status, stderr } = spawnSync('cc', ['-o', join(folder, 'forbid'), source], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    // Nobody may go in, root neither once it has no capability, since it belongs to another.
    mkdirSync(join(folder, 'none'), { mode: 0 });
    copyFileSync('/bin/true', join(folder, 'capable'));
    const { error } = spawnSync('setcap', ['cap_chown+ep', join(folder, 'capable')]);
    assert.equal(error, undefined);
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const [index, known] of causeRows({ folder: '/' }).entries()) {
    const call = syscallOf(failing(known) as Exclude<Step, { kind: 'supervise' }>);
    it(`${call} ${known.errno}: ${likelyCause(circumstancesOf(failing(known)), known.errno)}`, () => {
      const cause = causeRows({ folder })[index] as CauseRow;
      const step = failing(cause);
      const said = run(cause, folder).replace(/ \(step \d+ of \d+: [^)]*\)/, '');
      const text = inWords(likelyCause(circumstancesOf(step), cause.errno), asField);
      assert.notEqual(text, '');
      assert.equal(
        said,
        `isol8: ${[call, step.object].filter(Boolean).join(' ')}: ${cause.errno}. ${text}\n`,
      );
    });
  }
});

/** What the launcher says of the steps, run by themselves. */
function run({ steps, filtered, errno }: CauseRow, folder: string): string {
  const whole = steps.at(-1)?.kind === 'exec' ? steps : [...steps, exitStep(0, 'end')];
  const plan = { steps: whole };
  const path = join(folder, 'plan');
  writeFileSync(path, encodePlan(plan, currentArchitecture(), failureTexts(plan, facts)));
  const fd = openSync(path, 'r');
  try {
    const command = [launcherPath() as string, '3'];
    const answer = filtered && `${syscallNumber(filtered, currentArchitecture())}:${errnoNumber(errno)}`;
    const [program, ...args] = (answer ? [join(folder, 'forbid'), answer, ...command] : command) as [string];
    const { stderr } = spawnSync(program, args, {
      stdio: ['ignore', 'ignore', 'pipe', fd],
      encoding: 'utf8',
    });
    return stderr;
  } finally {
    closeSync(fd);
  }
}

describe('the table of causes', () => {
  it('has no row that no test makes happen, or of which nobody says why it cannot', () => {
    const covered = new Set(causeRows({ folder: '/' }).map(rowOf));
    const listed = [...ELSEWHERE, ...NEVER];
    const isListed = ({ calls, errnos }: Cause): boolean =>
      listed.some(([names, codes]) => names === calls.join(' ') && codes === errnos.join(' '));
    const missing = TABLE.filter((row) => !covered.has(row) && !isListed(row));
    assert.deepEqual(
      missing.map(({ calls, errnos }) => `${calls.join(' ')}: ${errnos.join(' ')}`),
      [],
    );
  });
});
