import { SpecError } from '../../foundation/errors.js';
import { readFileInside } from '../../syscalls/files.js';

/** Who a program is to be, as passwd(5) and group(5) of its root directory say. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
  readonly groups?: number[];
}

type Row = readonly string[];

const rows = (root: string | undefined, file: string): Row[] =>
  (readFileInside(root ?? '/', file) ?? '')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((row) => row.length >= 4);

const numeric = (text: string): boolean => /^\d+$/.test(text);

/** `USER[:GROUP]`, each a name or a number; a user by name has its groups too, as docker-run(1) gives it. */
export function lookUpUser(text: string, root: string | undefined, option = '--user'): Account {
  const [user = '', group, ...more] = text.split(':');
  if (user === '' || group === '' || more.length > 0)
    throw new SpecError(option, `'${text}' is not USER or USER:GROUP`);
  const known = rows(root, '/etc/passwd').find(
    (row) => row[0] === user || (numeric(user) && row[2] === user),
  );
  if (!known && !numeric(user))
    throw new SpecError(option, `no user ${user} in ${inRoot(root, '/etc/passwd')}`);
  const uid = Number(known?.[2] ?? user);
  if (group !== undefined) return { uid, gid: lookUpGroup(group, { root, option }) };
  if (!known) return { uid };
  const groups = rows(root, '/etc/group').filter((row) => row[3]?.split(',').includes(known[0] as string));
  return { uid, gid: Number(known[3]), groups: groups.map((row) => Number(row[2])) };
}

export function lookUpGroup(
  text: string,
  { root, option }: { root: string | undefined; option: string },
): number {
  if (numeric(text)) return Number(text);
  if (text === '') throw new SpecError(option, 'must not be empty');
  const known = rows(root, '/etc/group').find((row) => row[0] === text);
  if (!known) throw new SpecError(option, `no group ${text} in ${inRoot(root, '/etc/group')}`);
  return Number(known[2]);
}

const inRoot = (root: string | undefined, path: string): string =>
  root === undefined ? path : `${root}${path}`;
