/** Follows a plan down to the program, child by child, and says what each step comes down to in a shell. */
import { CLONE, PR } from '../../syscalls/constants.js';
import type { CallStep, ExecStep, ForkStep, Step } from '../../syscalls/plan.js';
import { quoteCommand, quoteShell } from './quote.js';
import {
  type Action,
  isWrapper,
  type MapRange,
  NAMESPACE_FLAGS,
  newUnshare,
  type UnshareAction,
} from './sh-actions.js';
import { commandOf, isOwnBusiness, rootPropagation } from './sh-commands.js';
import { type Command, DescriptorTracker, SOME_PID } from './sh-descriptors.js';

export function translate(steps: readonly Step[]): Action[] {
  const translator = new Translator();
  translator.block(steps);
  return translator.actions;
}

const NO_COMMAND = 'there is no command to';

class Translator {
  readonly actions: Action[] = [];
  readonly #descriptors = new DescriptorTracker();
  /** The unshare(1) that is still to be typed: nothing has been done in its namespaces yet. */
  #open: UnshareAction | undefined;
  /** What a child has been told to do for the unshare(1) that is to come. */
  #prepared: UnshareAction | undefined;
  /** The unshare(1) that makes the mount namespace, as long as nothing has been mounted in it. */
  #unmounted: UnshareAction | undefined;
  /** The last one that forks; its child is the process that the steps are about. */
  #forked: UnshareAction | undefined;

  block(steps: readonly Step[]): void {
    const main = mainFork(steps);
    for (const [index, step] of steps.entries()) {
      if (step === main) {
        this.#descend(main, steps.slice(index + 1));
        return;
      }
      this.#step(step);
    }
  }

  #step(step: Step): void {
    if (step.kind === 'exec') this.actions.push({ kind: 'exec', step });
    else if (step.kind === 'fork') this.#helper(step);
    else if (step.kind === 'call') this.#call(step);
  }

  /** The parent only writes maps and waits from here on, or is PID 1; the child is what matters. */
  #descend(fork: ForkStep, rest: readonly Step[]): void {
    const init = rest.some((step) => step.kind === 'supervise' && step.as === 'init');
    const flags = fork.flags & NAMESPACE_FLAGS;
    if (flags !== 0 || this.#open) this.#unshare(flags, fork.why).fork = true;
    const own = this.#open;
    if (own) this.#forked = own;
    for (const step of rest) this.#parentStep(step, own, init);
    if (init) this.actions.push({ kind: 'init' });
    this.block(fork.child);
  }

  #parentStep(step: Step, own: UnshareAction | undefined, init: boolean): void {
    if (step.kind === 'fork') this.#helper(step, own);
    if (step.kind !== 'call' || this.#write(step, own)) return;
    if (this.#descriptors.translate(step) === undefined && init) this.#uncommanded(step);
  }

  /** A child that ends before the plan goes on. */
  #helper(fork: ForkStep, own = this.#open): void {
    const exec = fork.child.find((step): step is ExecStep => step.kind === 'exec');
    const command = exec?.candidates[0] ?? '';
    const kind = /new([ug]id)map$/.exec(command)?.[1] as 'uid' | 'gid' | undefined;
    if (!exec) this.#outside(fork);
    else if (kind && own) {
      own.maps[kind] = rangesOf(exec.argv.slice(2).map(String));
      own.maps.helpers[kind] = command;
    } else this.#line({ text: quoteCommand(exec.argv.map(String)), why: fork.why, tolerated: false });
  }

  /** One that stays outside, and works there as soon as the namespaces are made. */
  #outside({ child }: ForkStep): void {
    this.#prepared ??= newUnshare();
    for (const step of child) {
      if (step.kind === 'call' && step.call === 'mount') keepFile(this.#prepared, step);
      else this.#parentStep(step, this.#prepared, false);
    }
  }

  #unshare(flags: number, why: string): UnshareAction {
    if (!this.#open) {
      this.#open = this.#prepared ?? newUnshare();
      this.#prepared = undefined;
      this.actions.push(this.#open);
    }
    this.#open.flags |= flags;
    this.#open.why.push(why);
    if (flags & CLONE.NEWNS) this.#unmounted = this.#open;
    return this.#open;
  }

  #line(line: { text: string; why: string; tolerated: boolean }): void {
    this.#open = undefined;
    this.actions.push({ kind: 'line', ...line });
  }

  #call(step: CallStep): void {
    if (step.call === 'unshare') return void this.#unshare(Number(step.args[0]), step.why);
    if (this.#write(step, this.#open) || this.#absorb(step)) return;
    const commands = this.#descriptors.translate(step);
    const single = commands ? undefined : commandOf(step);
    for (const command of commands ?? (single ? [single] : [])) this.#command(command, step);
    if (!commands && !single) this.#uncommanded(step);
  }

  #command(command: Command, step: CallStep): void {
    const tolerated = (step.tolerate ?? []).length > 0;
    if (typeof command === 'string') this.#line({ text: command, why: step.why, tolerated });
    else this.#words(command, step, tolerated);
  }

  #words(argv: readonly string[], step: CallStep, tolerated: boolean): void {
    if (!isWrapper(argv)) {
      if (/mount|^pivot_root$/.test(argv[0] ?? '')) this.#unmounted = undefined;
      this.#line({ text: commandText(argv), why: step.why, tolerated });
      return;
    }
    // nsenter --user and unshare --map-users take on the ids of the inside by themselves
    if (argv[0] === 'setpriv' && tolerated && step.call !== 'prctl') return;
    this.#open = undefined;
    this.actions.push({ kind: 'wrap', argv, why: step.why });
  }

  /** Steps that are options of the unshare(1) that made their namespaces. */
  #absorb(step: CallStep): boolean {
    if (step.call === 'prctl' && step.args[0] === PR.SET_PDEATHSIG) {
      if (this.#forked) this.#forked.killChild = true;
      return true;
    }
    const propagation = rootPropagation(step);
    const unshare = this.#unmounted;
    if (propagation === undefined || propagation === 'unbindable' || !unshare) return false;
    unshare.propagation = propagation;
    this.#unmounted = undefined;
    return true;
  }

  /** write(2): to a file that an earlier step opened, or to the caller or another process of isol8's. */
  #write(step: CallStep, own: UnshareAction | undefined): boolean {
    if (step.call !== 'write') return false;
    const file = this.#descriptors.pathOf(step.args[0]);
    if (file === undefined) return true;
    const text = String(step.args[1]);
    if (own && absorbWrite(own, file.slice(file.lastIndexOf('/') + 1), text)) return true;
    if (file.includes(SOME_PID)) this.#uncommanded(step);
    else {
      const redirected = `printf %s ${quoteShell(text)} > ${quoteShell(file)}`;
      this.#line({ text: redirected, why: step.why, tolerated: false });
    }
    return true;
  }

  #uncommanded(step: CallStep): void {
    if (isOwnBusiness(step)) return;
    const last = this.actions.at(-1);
    const text = `${step.why} (${step.call})`;
    if (last?.kind !== 'comment') this.actions.push({ kind: 'comment', text: `${NO_COMMAND}: ${text}` });
    else this.actions[this.actions.length - 1] = { kind: 'comment', text: `${last.text}, ${text}` };
  }
}

/** These two work on a running process: this shell, which becomes the program or passes them on to it. */
function commandText(argv: readonly string[]): string {
  const [name, value = ''] = argv;
  if (name === 'hostname' && !/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(value)) {
    return `printf %s ${quoteShell(value)} > /proc/sys/kernel/hostname`; // hostname(1) refuses it
  }
  if (name === 'renice') return `${quoteCommand(argv)} -p $$ > /dev/null`;
  return name === 'prlimit'
    ? `prlimit --pid $$ ${argv.slice(1).map(quoteShell).join(' ')}`
    : quoteCommand(argv);
}

/** A bind mount of /proc/PID/ns/KIND. */
function keepFile(own: UnshareAction, { args: [source, target] }: CallStep): void {
  const link = source !== null && typeof source === 'object' && 'text' in source ? source.text[2] : '';
  const kind = /^\/ns\/([a-z]+)/.exec(link)?.[1];
  if (kind !== undefined) own.files[kind === 'mnt' ? 'mount' : kind] = String(target);
}

function absorbWrite(own: UnshareAction, name: string, text: string): boolean {
  if (name === 'uid_map') own.maps.uid = rangesOf(text.trim().split(/\s+/));
  else if (name === 'gid_map') own.maps.gid = rangesOf(text.trim().split(/\s+/));
  else if (name === 'setgroups') own.maps.setgroups = text.trim();
  else if (name === 'timens_offsets') {
    for (const line of text.trim().split('\n')) {
      const [clock = '', seconds = '0', nanoseconds = '0'] = line.split(/\s+/);
      own.offsets.push({ clock, seconds, nanoseconds });
    }
  } else return false;
  return true;
}

function rangesOf(numbers: readonly string[]): MapRange[] {
  const ranges: MapRange[] = [];
  for (let i = 0; i + 2 < numbers.length; i += 3) {
    const [inner, outer, count] = numbers.slice(i, i + 3) as [string, string, string];
    ranges.push({ inner, outer, count });
  }
  return ranges;
}

/** The child that goes on towards the program; the other children of a block are helpers. */
function mainFork(steps: readonly Step[]): ForkStep | undefined {
  const supervised = steps.find((step) => step.kind === 'supervise');
  const forks = steps.filter((step): step is ForkStep => step.kind === 'fork');
  if (supervised) return forks.find(({ id }) => id !== undefined && id === supervised.child.result);
  if (steps.at(-1)?.kind === 'exec') return undefined;
  return forks.toSorted((a, b) => sizeOf(b.child) - sizeOf(a.child))[0];
}

const sizeOf = (steps: readonly Step[]): number =>
  steps.reduce((size, step) => size + 1 + (step.kind === 'fork' ? sizeOf(step.child) : 0), 0);
