import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Isol8 from '../../src/index.js';

/** The library as it is built: what a user imports. */
export function loadIsol8(dist: string): Promise<typeof Isol8> {
  return loadBuilt(dist, 'index.js');
}

/** A module of the build; the caller names its type. */
export async function loadBuilt<T>(dist: string, module: string): Promise<T> {
  return (await import(pathToFileURL(join(dist, module)).href)) as T;
}
