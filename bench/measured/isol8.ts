import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Isol8 from '../../src/index.js';

/** The library as it is built: what a user imports. */
export async function loadIsol8(dist: string): Promise<typeof Isol8> {
  return (await import(pathToFileURL(join(dist, 'library/index.js')).href)) as typeof Isol8;
}

/** A module of it, which Compiled.make has put beside this file; the caller names its type. */
export async function loadModule<T>(module: string): Promise<T> {
  return (await import(new URL(`./modules/${module}`, import.meta.url).href)) as T;
}
