import { ID_END } from './ranges.js';
import type { IdSpan } from './spans.js';

/**
 * The subordinate ids of a user, from the text of /etc/subuid or /etc/subgid, in the file's order. Both files go by the
 * *user*, whose lines are `name-or-uid:start:count`. Lines of another form are ignored, as newuidmap(1) does (a comment
 * is such a line). Ids beyond the highest one are cut off. See subuid(5), subgid(5).
 *
 * @param user Login name (undefined when the uid has none) and uid.
 */
export function parseSubordinate(text: string, user: { name: string | undefined; id: number }): IdSpan[] {
  const spans: IdSpan[] = [];
  for (const line of text.split('\n')) {
    const [owner, startText, countText, ...rest] = line.split(':');
    if (rest.length > 0 || !isNumber(startText) || !isNumber(countText)) continue;
    if (owner === '' || (owner !== user.name && owner !== String(user.id))) continue;
    const start = Number(startText);
    const count = Math.min(Number(countText), ID_END - start);
    if (count > 0) spans.push({ start, count });
  }
  return spans;
}

/**
 * Plain decimal only. newuidmap would read 0100 as octal and unshare as decimal; ids about which the tools disagree
 * are better not used.
 */
function isNumber(text: string | undefined): boolean {
  return text !== undefined && /^(0|[1-9]\d*)$/.test(text);
}
