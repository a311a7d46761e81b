import { release } from 'node:os';
import { readLocks } from '../sandbox/locks.js';
import { userNamespaceObstacle } from '../sandbox/obstacles.js';
import { type Finding, lack, ok } from './finding.js';
import { networks } from './networks.js';
import { tools } from './packages.js';
import { permissions } from './permissions.js';
import { controlGroups, subordinateIds, terminal } from './surroundings.js';
import { type KindTrials, tryKinds, tryRun } from './trials.js';

export interface Diagnosis {
  /** All that isol8 run needs by default is there: it was tried. */
  readonly works: boolean;
  readonly kernel: string;
  readonly architecture: string;
  readonly uid: number;
  readonly kinds: readonly KindTrials[];
  readonly sections: readonly { readonly title: string; readonly findings: readonly Finding[] }[];
}

/** What this kernel lets this user do, and what would mend what it does not. Changes nothing. */
export async function diagnose(): Promise<Diagnosis> {
  const trial = await tryRun();
  const mend = userNamespaceObstacle(readLocks())?.mend;
  const whole = trial.works
    ? ok('isol8 run', 'A program starts in eight new namespaces, with a /proc of its own.')
    : lack('isol8 run', trial.failure ?? '', mend);
  return {
    works: trial.works,
    kernel: release(),
    architecture: process.arch,
    uid: process.geteuid?.() ?? 0,
    kinds: await tryKinds(),
    sections: [
      { title: 'Does it work', findings: [whole] },
      { title: 'What may forbid it', findings: permissions(trial.works) },
      { title: 'Ids', findings: await subordinateIds() },
      { title: 'Control groups', findings: controlGroups() },
      { title: 'Networks', findings: await networks() },
      { title: 'Terminal', findings: terminal() },
      { title: 'Programs beside isol8, all optional', findings: tools() },
    ],
  };
}
