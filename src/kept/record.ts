/**
 * While namespaces are being kept a small file says who does it and what, so that {@link sweep} can take back what
 * was half done when that process was killed. Written by rename, so that nobody reads half of one.
 */
import {
  type BigIntStats,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { Isol8Error } from '../foundation/errors.js';
import { type Owner, ownerLives, presentOwner } from './owner.js';

export const RUN = '/run/isol8';
export const RECORDS = `${RUN}/unfinished`;

/** A namespace that is to be kept. */
export interface Intention {
  readonly path: string;
  readonly identity: string;
}

/**
 * What tells a namespace from another that has its number later on: the time at which the kernel made the inode, which
 * lives as long as a mount or a descriptor holds it.
 */
export function identityOf(stat: BigIntStats): string {
  return `${stat.dev} ${stat.ino} ${stat.mtimeNs}`;
}

export interface UnfinishedRecord {
  /** Where it is written. */
  readonly file: string;
  readonly intentions: readonly Intention[];
  /** Whether the process that wrote it still runs; one of another pid namespace is taken to do so. */
  readonly ownerLives: boolean;
}

interface Content extends Owner {
  readonly intentions: readonly Intention[];
}

/** Says what is about to be kept, until it is disposed of. Throws Isol8Error EACCES for who may not write there. */
export function recordUnfinished(intentions: readonly Intention[]): Disposable {
  const file = `${RECORDS}/${process.pid}.json`;
  const content: Content = { ...presentOwner(), intentions };
  try {
    mkdirSync(RECORDS, { recursive: true, mode: 0o755 });
    rmSync(temporary(file), { force: true });
    writeFileSync(temporary(file), `${JSON.stringify(content)}\n`, { mode: 0o644, flag: 'wx' });
    renameSync(temporary(file), file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const remedy = code === 'EACCES' ? '. Keeping namespaces takes root: be root' : '';
    throw new Isol8Error(code ?? 'EIO', `keep a namespace: write ${file}: ${code}${remedy}.`, { cause });
  }
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

const temporary = (file: string): string => `${file}.tmp`;
export const isTemporary = (name: string): boolean => /^\d+\.json\.tmp$/.test(name);

/** Records of processes, whether they run or not; what is none is left out. */
export function readRecords(): UnfinishedRecord[] {
  return filesIn(RECORDS)
    .filter((name) => /^\d+\.json$/.test(name))
    .flatMap((name) => {
      const content = readContent(`${RECORDS}/${name}`);
      if (content === undefined) return [];
      return [
        { file: `${RECORDS}/${name}`, intentions: content.intentions, ownerLives: ownerLives(content) },
      ];
    });
}

function readContent(file: string): Content | undefined {
  try {
    const content = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(content.intentions) ? content : undefined;
  } catch {
    return undefined; // gone meanwhile, or not ours
  }
}

/** Names in a folder; none when it is not there. */
export function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
