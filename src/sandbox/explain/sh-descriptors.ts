/** What the descriptors of a plan are, so that calls on descriptors can be told as commands on paths. */
import { AT, FSCONFIG, MOUNT_ATTR } from '../../syscalls/constants.js';
import type { Argument, CallStep } from '../../syscalls/plan.js';
import { namespaceKinds } from './describe.js';
import { quoteShell } from './quote.js';
import { memberAt } from './structs.js';

/** Stands in a path for a pid that is not known yet. */
export const SOME_PID = 'PID';

/** An opened path, or a mount that is not attached yet. */
type Opened =
  | { kind: 'path'; path: string }
  | { kind: 'bind'; path: string; readOnly: boolean }
  | { kind: 'new'; type: string; options: string[]; readOnly: boolean };

const ATTRIBUTES: readonly (readonly [number, string])[] = [
  [MOUNT_ATTR.RDONLY, 'ro'],
  [MOUNT_ATTR.NOSUID, 'nosuid'],
  [MOUNT_ATTR.NODEV, 'nodev'],
  [MOUNT_ATTR.NOEXEC, 'noexec'],
];

/** Words, or a line of shell where words are not enough. */
export type Command = readonly string[] | string;

/** mount(8) up to 2.38 has no recursive read-only. */
const readOnlyBelow = (path: string): string =>
  `findmnt -Rrno TARGET ${quoteShell(path)} | while read -r at; do mount -o remount,bind,ro "$at"; done`;

/** Commands that a call on descriptors comes down to; undefined when this is not about descriptors. */
export class DescriptorTracker {
  readonly #opened = new Map<string, Opened>();

  translate(step: CallStep): Command[] | undefined {
    const { args, shell } = step;
    if (shell) return shell.length > 0 ? undefined : [];
    switch (step.call) {
      case 'openat':
      case 'openat2':
        return this.#keep(step, this.#path(args[0], args[1]));
      case 'open_tree': {
        const path = this.#path(args[0], args[1]);
        if (path === undefined || step.id === undefined) return undefined;
        this.#opened.set(step.id, { kind: 'bind', path, readOnly: false });
        return [];
      }
      case 'fsopen':
      case 'fsconfig':
      case 'fsmount':
        return this.#newMount(step);
      case 'mount_setattr':
        return this.#setAttributes(step);
      case 'move_mount':
        return this.#attach(step);
      case 'setns':
        return this.#join(step);
      case 'fchdir': {
        const path = this.pathOf(args[0]);
        // what is mounted on / itself is reached from below only
        return path === undefined ? undefined : [path === '/' ? ['cd', '-P', '/..'] : ['cd', path]];
      }
      case 'mkdirat': {
        const path = this.#path(args[0], args[1]);
        return path === undefined ? undefined : [['mkdir', '-p', path]];
      }
      default:
        return undefined;
    }
  }

  /** The path that a descriptor was opened with. */
  pathOf(argument: Argument | undefined): string | undefined {
    const opened = this.#get(argument);
    return opened && opened.kind !== 'new' ? opened.path : undefined;
  }

  #get(argument: Argument | undefined): Opened | undefined {
    const id =
      argument !== null && typeof argument === 'object' && 'result' in argument ? argument.result : undefined;
    return id === undefined ? undefined : this.#opened.get(id);
  }

  #path(directory: Argument | undefined, name: Argument | undefined): string | undefined {
    if (name !== null && typeof name === 'object' && 'text' in name)
      return name.text[0] + SOME_PID + name.text[2];
    if (typeof name !== 'string') return undefined;
    if (directory === AT.FDCWD) return name;
    const base = this.pathOf(directory);
    if (base === undefined) return undefined;
    return `${base === '/' ? '' : base}/${name.replace(/^\/+/, '')}`.replace(/(.)\/$/, '$1');
  }

  #keep(step: CallStep, path: string | undefined): Command[] | undefined {
    if (path === undefined) return undefined;
    const creates = step.call === 'openat' && (Number(step.args[2]) & 0o100) !== 0;
    if (step.id !== undefined) this.#opened.set(step.id, { kind: 'path', path });
    return creates ? [['touch', path]] : [];
  }

  #newMount({ call, args, id }: CallStep): Command[] | undefined {
    if (call === 'fsopen') {
      if (id === undefined || typeof args[0] !== 'string') return undefined;
      this.#opened.set(id, { kind: 'new', type: args[0], options: [], readOnly: false });
      return [];
    }
    const context = this.#get(args[0]);
    if (context?.kind !== 'new') return undefined;
    if (call === 'fsconfig') {
      if (args[1] === FSCONFIG.SET_STRING) context.options.push(`${args[2]}=${args[3]}`);
      if (args[1] === FSCONFIG.SET_FLAG) context.options.push(String(args[2]));
      return [];
    }
    const attributes = ATTRIBUTES.filter(([bit]) => (Number(args[2]) & bit) !== 0).map(([, name]) => name);
    if (id !== undefined) this.#opened.set(id, { ...context, options: [...attributes, ...context.options] });
    return [];
  }

  #setAttributes({ args }: CallStep): Command[] | undefined {
    const readOnly = Number(memberAt(args[3] ?? null, 0, 8)) === MOUNT_ATTR.RDONLY;
    const path = args[0] === AT.FDCWD && typeof args[1] === 'string' ? args[1] : undefined;
    if (readOnly && path !== undefined) return [readOnlyBelow(path)];
    const mount = this.#get(args[0]);
    if (!readOnly || !mount || mount.kind === 'path') return undefined;
    mount.readOnly = true;
    return [];
  }

  /** An opened namespace file has a path; what is inherited has a number only, see sh-commands.ts. */
  #join({ args }: CallStep): Command[] | undefined {
    const path = this.pathOf(args[0]);
    if (path === undefined) return undefined;
    return [['nsenter', ...namespaceKinds(Number(args[1])).map((kind) => `--${kind}=${path}`)]];
  }

  #attach({ args }: CallStep): Command[] | undefined {
    const mount = this.#get(args[0]);
    const target = args[3] === '' ? this.pathOf(args[2]) : this.#path(args[2], args[3]);
    if (!mount || mount.kind === 'path' || target === undefined) return undefined;
    if (mount.kind === 'new') {
      const options = mount.readOnly ? ['ro', ...mount.options] : mount.options;
      const list = options.length > 0 ? ['-o', options.join(',')] : [];
      return [['mount', '-t', mount.type, ...list, mount.type, target]];
    }
    const bind = ['mount', '--rbind', mount.path, target];
    mount.path = target;
    return mount.readOnly ? [bind, readOnlyBelow(target)] : [bind];
  }
}
