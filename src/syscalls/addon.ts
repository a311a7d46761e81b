import { UnsupportedError } from '../foundation/errors.js';
import { currentArchitecture } from './architecture.js';

/** An argument of a system call: a typed array stands for its address. */
export type RawArgument = number | bigint | null | Uint8Array | Int32Array | Uint32Array;

/** What native/addon exports; see native/addon/module.c. */
export interface Addon {
  syscall(number: number, ...args: RawArgument[]): number;
  /** The same for one that opens: what it has opened is closed with this JavaScript thread, until letGo or a close. */
  syscallHeld(number: number, ...args: RawArgument[]): number;
  letGo(descriptor: number): void;
  /** The same on a thread of the pool. */
  syscallLater(number: number, ...args: RawArgument[]): Promise<number>;
  listen(callback: (session: number, kind: number, first: number, second: number) => void): void;
  launch(
    plan: Uint8Array,
    slots: Int32Array,
    owned: Int32Array,
    launcher: number,
    session: number,
    flags: number,
  ): number;
  cancel(session: number): void;
  become(plan: Uint8Array, slots: Int32Array, launcher: number): number;
  /** What is started from now on ignores those of `found` that are ignored now, and `known`: bit n for signal n + 1. */
  keepIgnored(found: number, known: number): void;
  keepLauncher(descriptor: number): number;
  environment(into: Uint32Array): void;
  threadsMoved(change: number): number;
  launchThread(): number;
  receiveDescriptors(socket: number, into: Int32Array): number;
  readonly launcherImage: Uint8Array;
}

let addon: Addon | undefined;

/** Loads the native addon on first use. This module is replaced when a single executable is built. */
export function loadAddon(): Addon {
  addon ??= openAddon();
  return addon;
}

/** The launcher as a file, for machines that refuse to execute a memfd; undefined where there is none. */
export function launcherPath(): string | undefined {
  return prebuilt('isol8-launcher');
}

function prebuilt(file: string): string {
  const url = new URL(`../../prebuilds/linux-${currentArchitecture()}/${file}`, import.meta.url);
  return decodeURIComponent(url.pathname);
}

function openAddon(): Addon {
  const path = prebuilt('isol8.node');
  const module = { exports: {} };
  try {
    process.dlopen(module, path);
  } catch (cause) {
    throw new UnsupportedError(
      `cannot load isol8's native addon ${path}: ${(cause as Error).message}. ` +
        'In a clone, npm ci builds it (a C compiler is needed); the published package carries it.',
      { cause },
    );
  }
  return module.exports as Addon;
}
