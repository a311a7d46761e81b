/** Becomes a launcher that is not there; says with what error, and what is otherwise than before: its signals, its descriptors. */
import { loadAddon } from '../../src/syscalls/addon.js';
import { errnoName } from '../../src/syscalls/errno.js';
import { SLOT } from '../../src/syscalls/launch.js';
import { descriptors, readProc } from './lifecycle-census.js';

const blocked = (): string[] => readProc('thread-self/status').match(/^SigBlk:.*/m) ?? [];

const addon = loadAddon();
const before = [...blocked(), ...descriptors()];
const result = addon.become(new Uint8Array(64), Int32Array.of(0, 1, 2, SLOT.plan, 2), -1);
const changed = [...blocked(), ...descriptors()].filter((each) => !before.includes(each));
process.stdout.write(`${JSON.stringify({ errno: errnoName(-result), changed })}\n`);
