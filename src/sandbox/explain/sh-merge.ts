/** Several commands in a row that run commands become one: `setpriv --regid=5 --reuid=5 …`. */
import type { Action } from './sh-actions.js';

type Wrap = Extract<Action, { kind: 'wrap' }>;

/** Commands whose options do the same together as one after the other. */
const MERGED = new Set(['setpriv', 'nsenter', 'setsid']);

export function mergeWrappers(actions: readonly Action[]): Action[] {
  const merged: Action[] = [];
  for (const action of actions) {
    const last = merged.findLast(({ kind }) => kind !== 'comment');
    if (action.kind === 'wrap' && last?.kind === 'wrap' && mergeable(last, action)) {
      merged[merged.lastIndexOf(last)] = merge(last, action);
    } else merged.push(action);
  }
  return merged.map((action) => (action.kind === 'wrap' ? completed(action) : action));
}

const mergeable = (a: Wrap, b: Wrap): boolean => a.argv[0] === b.argv[0] && MERGED.has(a.argv[0] ?? '');

function merge(a: Wrap, b: Wrap): Wrap {
  const options = [...a.argv];
  for (const option of b.argv.slice(1)) addOption(options, option);
  const why = a.why.split('; ').includes(b.why) ? a.why : `${a.why}; ${b.why}`;
  return { kind: 'wrap', argv: options, why };
}

/** Lists of capabilities grow; anything else given twice stands once. */
function addOption(options: string[], option: string): void {
  const key = /^(--(?:inh|ambient)-caps=)(.*)$/.exec(option);
  const same = key ? options.findIndex((one) => one.startsWith(key[1] as string)) : options.indexOf(option);
  if (same < 0) options.push(option);
  else if (key) options[same] += `,${key[2]}`;
}

/** setpriv(1) wants to be told what to do about the groups when the group changes. */
function completed(wrap: Wrap): Wrap {
  const { argv } = wrap;
  const needsGroups =
    argv[0] === 'setpriv' &&
    argv.some((word) => /^--(re|e)gid=/.test(word)) &&
    !argv.some((word) => /^--(groups=|clear-groups$|keep-groups$)/.test(word));
  return needsGroups ? { ...wrap, argv: [...argv, '--keep-groups'] } : wrap;
}
