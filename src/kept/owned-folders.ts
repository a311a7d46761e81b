/** Folders that are needed as long as their process: it removes them, or gc does after it was killed. */
import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTextFileIfAny } from '../syscalls/files.js';
import { type Owner, ownerLives, presentOwner } from './owner.js';

const PREFIX = 'isol8-names-';
const OWNER = 'owner.json';

/** Between the making of a folder and that of the file which names its owner. */
const GRACE_MILLISECONDS = 10_000;

const places = (): string[] =>
  [
    ...new Set([process.env.XDG_RUNTIME_DIR, tmpdir()].filter((path) => path !== undefined && path !== '')),
  ] as string[];

export function makeOwnedFolder(): string {
  const folder = mkdtempSync(join(places()[0] as string, PREFIX));
  writeFileSync(join(folder, OWNER), JSON.stringify(presentOwner()));
  return folder;
}

export function removeOwnedFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** The caller's own ones whose process is dead. */
export function abandonedFolders(): string[] {
  return places().flatMap((place) =>
    namesIn(place)
      .filter((name) => name.startsWith(PREFIX))
      .map((name) => join(place, name))
      .filter(isAbandoned),
  );
}

function isAbandoned(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true || found.uid !== process.geteuid?.()) return false;
  const owner = readOwner(folder);
  return owner === undefined ? Date.now() - found.mtimeMs > GRACE_MILLISECONDS : !ownerLives(owner);
}

function readOwner(folder: string): Owner | undefined {
  try {
    return JSON.parse(readTextFileIfAny(join(folder, OWNER)) ?? '') as Owner;
  } catch {
    return undefined; // not written, or not to its end
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
