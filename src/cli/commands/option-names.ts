/** Errors of a spec in the words of the command line that it was made of. */
import { Isol8Error, SpecError } from '../../foundation/errors.js';
import { reworded, StepError } from '../../sandbox/step-error.js';
import type { Wording } from '../../sandbox/wording.js';
import type { RunOptions } from './run-spec.js';

/** The option by another name than the spec's field. */
const OPTION_OF: Readonly<Record<string, string>> = {
  mapUsers: '--map-users',
  mapGroups: '--map-groups',
  readOnlyRoot: '--read-only',
  'timeOffsets.monotonic': '--monotonic',
  'timeOffsets.boottime': '--boottime',
  timeOffsets: '--monotonic, --boottime',
  cwd: '--workdir',
  uid: '--user',
  gid: '--user',
  groups: '--group-add',
  rlimits: '--ulimit',
  keepCapabilities: '--keep-caps',
  noNewPrivileges: '--no-new-privs',
  namespaces: '--join',
  kinds: '--kind',
  loopback: '--no-loopback',
  proc: 'without --no-proc',
};

const DIRECT: readonly string[] = [
  'hostname',
  'domainname',
  'setgroups',
  'root',
  'propagation',
  'env',
  'umask',
  'nice',
  'timeout',
];

/** What a person wrote that became this field of the spec: `--hostname`, `--volume /a:/b`. */
function optionOf(field: string, options: RunOptions): string {
  const [isMount, index = 0] = /^mounts(?:\[(\d+)\])?/.exec(field) ?? [];
  if (isMount) {
    const mounts = options.values.filter(({ option }) => ['volume', 'tmpfs', 'mount'].includes(option.name));
    const mount = mounts[Number(index)];
    if (mount) return `${mount.name} ${mount.value}`;
  }
  const top = field.split(/[.[]/)[0] as string;
  return OPTION_OF[field] ?? OPTION_OF[top] ?? (DIRECT.includes(top) ? `--${top}` : field);
}

/** What the causes of errors advise to change. */
const ADVICE: Readonly<Record<string, string>> = {
  cwd: '--workdir',
  keepCapabilities: '--keep-caps',
  'setgroups: deny': '--setgroups deny',
  'init: false': '--no-init',
  'loopback: false': '--no-loopback',
  'propagation: unchanged': '--propagation unchanged',
};

export const asOption: Wording = (field) => ADVICE[field] ?? field;

/** A problem may name another field than its own. */
const inProblem = (problem: string): string =>
  problem.replace(/\bmap(Users|Groups)\b(\[\d+\])?/g, (_, of: string) => `--map-${of.toLowerCase()}`);

/** The same error with the option in place of the spec's field. */
export function inOptions(error: unknown, options: RunOptions): unknown {
  if (error instanceof SpecError)
    return new SpecError(optionOf(error.field, options), inProblem(error.problem));
  if (error instanceof StepError) return reworded(error, asOption);
  if (!(error instanceof Isol8Error)) return error;
  // A namespace that cannot be opened: its code is the errno, so that the field is in the message alone.
  const [, field, problem] = /^(namespaces\.\w+): (.*)$/s.exec(error.message) ?? [];
  if (field === undefined) return error;
  return new Isol8Error(error.code, `${optionOf(field, options)}: ${problem}`, { cause: error });
}
