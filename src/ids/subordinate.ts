import { ID_END } from './ranges.js';
import { type IdSpan, subtractSpans } from './spans.js';

/**
 * The subordinate ids of a user, from the text of /etc/subuid or /etc/subgid, in the file's order. Both files go by the
 * *user*, whose lines are `name-or-uid:start:count`. Lines of another form are ignored, as newuidmap(1) does (a comment
 * is such a line). Ids beyond the highest one are cut off. See subuid(5), subgid(5).
 *
 * @param user Login name (undefined when the uid has none) and uid.
 */
export function parseSubordinate(text: string, user: { name: string | undefined; id: number }): IdSpan[] {
  return parseLines(text)
    .filter(({ owner }) => owner !== '' && (owner === user.name || owner === String(user.id)))
    .map(({ span }) => span);
}

/** SUB_UID_MIN and SUB_UID_COUNT of login.defs(5), as everybody has them. */
const FIRST = 100_000;
const COUNT = 65_536;

/** As many as useradd(8) gives to a new user, of ids that nobody has. Undefined where there are none left. */
export function freeSubordinate(text: string): IdSpan | undefined {
  const taken = parseLines(text).map(({ span }) => span);
  const room = subtractSpans({ start: FIRST, count: ID_END - FIRST }, taken).find(
    ({ count }) => count >= COUNT,
  );
  return room && { start: room.start, count: COUNT };
}

function parseLines(text: string): { owner: string; span: IdSpan }[] {
  return text.split('\n').flatMap((line) => {
    const [owner = '', startText, countText, ...rest] = line.split(':');
    if (rest.length > 0 || !isNumber(startText) || !isNumber(countText)) return [];
    const start = Number(startText);
    const count = Math.min(Number(countText), ID_END - start);
    return count > 0 ? [{ owner, span: { start, count } }] : [];
  });
}

/**
 * Plain decimal only. newuidmap would read 0100 as octal and unshare as decimal; ids about which the tools disagree
 * are better not used.
 */
function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^(0|[1-9]\d*)$/.test(text);
}
