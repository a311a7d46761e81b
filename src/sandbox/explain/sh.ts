/** A plan as the commands that a person would type: unshare, nsenter, mount, hostname, ip. */
import type { ExecStep, Plan } from '../../syscalls/plan.js';
import { quoteCommand, quoteShell } from './quote.js';
import type { Explained } from './run-time.js';
import type { Action } from './sh-actions.js';
import { type Deadline, hasOwnTerminal, inTerminal, inTime } from './sh-attached.js';
import { passedEnvironment } from './sh-environment.js';
import { mergeWrappers } from './sh-merge.js';
import { translate } from './sh-translate.js';
import { unshareCommand } from './sh-unshare.js';

const INDENT = '  ';

export interface ScriptOptions {
  /** What may count on the plan to go on in the shell's own process. */
  readonly before?: readonly string[];
  readonly deadline?: Deadline | undefined;
}

export function explainAsSh(plan: Plan, context: Explained, options: ScriptOptions): string {
  const { before = [], deadline } = options;
  const replaces = before.length > 0;
  const planned = mergeWrappers(translate(plan.steps));
  const timed = deadline ? inTime(planned, deadline) : planned;
  const actions = hasOwnTerminal(context.steps) ? inTerminal(timed) : timed;
  const lines = new Script(context, replaces).render(actions, { depth: 0, init: false });
  const all = replaces ? ['set -e', ...before, ...lines.filter((line) => line !== 'set -e')] : lines;
  return `#!/bin/sh\n${all.join('\n')}\n`;
}

/** Where in the output a list of actions stands. */
interface Place {
  /** How many quoted scripts are around it. */
  readonly depth: number;
  /** The shell is PID 1, and what it runs must not replace it. */
  readonly init: boolean;
}

const TERMINAL = 'have a terminal of its own, which isol8 passes on to and from the one of who runs it';

class Script {
  readonly #context: Explained;
  /** The outermost shell, too, is replaced by what ends its script. */
  readonly #replaces: boolean;

  constructor(context: Explained, replaces: boolean) {
    this.#context = context;
    this.#replaces = replaces;
  }

  /** Lines that belong together; the last action's line ends them, since it runs all the rest. */
  render(actions: readonly Action[], place: Place): string[] {
    const lines: string[] = [];
    let current = place;
    for (const [index, action] of actions.entries()) {
      const rest = actions.slice(index + 1);
      if (action.kind === 'comment') lines.push(comment(action.text));
      else if (action.kind === 'line') lines.push(commandLine(action));
      else if (action.kind === 'init') {
        current = { ...current, init: true };
        lines.push(comment('this shell stays as PID 1 in place of the one that isol8 brings'));
      } else {
        lines.push(...this.#last(action, rest, current));
        break;
      }
    }
    const body = lines.filter((line) => !line.startsWith('#')).length > 1 ? ['set -e', ...lines] : lines;
    const indent = INDENT.repeat(place.depth);
    return body.map((line) => indent + line);
  }

  /** The commands that end a script: the program, or one that runs all the rest. */
  #last(
    action: Exclude<Action, { kind: 'comment' | 'line' | 'init' }>,
    rest: readonly Action[],
    place: Place,
  ): string[] {
    const exec = (place.depth > 0 || this.#replaces) && !place.init ? 'exec ' : '';
    const after = place.init ? ['exit $?'] : [];
    if (action.kind === 'exec')
      return [...this.#environment(action.step), exec + this.#program(action.step), ...after];
    if (action.kind === 'terminal') {
      const command = this.render(rest, { depth: 1, init: false }).join('\n');
      return [
        comment(TERMINAL),
        `script --quiet --return --command ${quoteShell(`\n${command}\n`)} /dev/null`,
      ];
    }
    if (action.kind === 'wrap') {
      return [
        ...this.#notes(rest),
        comment(action.why),
        exec + this.#run(action.argv, rest, place.depth),
        ...after,
      ];
    }
    const { before, argv, inside, wantsExec, shell } = unshareCommand(action, rest);
    const why = [...new Set(action.why)].map(comment);
    return [
      ...this.#notes(inside),
      ...why,
      ...before,
      (wantsExec ? 'exec ' : exec) + this.#run(argv, inside, place.depth, shell),
      ...after,
    ];
  }

  /** What would be a comment in a script that is not needed. */
  #notes(rest: readonly Action[]): string[] {
    const exec = rest.find((action) => action.kind === 'exec');
    if (!exec || this.#simple(rest) === undefined) return [];
    const comments = rest.flatMap((action) => (action.kind === 'comment' ? [comment(action.text)] : []));
    return [...comments, ...this.#environment(exec.step)];
  }

  #run(argv: readonly string[], rest: readonly Action[], depth: number, shell = 'sh'): string {
    const command = this.#simple(rest);
    if (command !== undefined) return `${quoteCommand(argv)} ${command}`;
    const script = this.render(rest, { depth: depth + 1, init: false }).join('\n');
    return `${quoteCommand(argv)} ${shell} -c ${quoteShell(`\n${script}\n${INDENT.repeat(depth)}`)}`;
  }

  /** Commands that run commands up to the program, all on one line; undefined when a script is needed. */
  #simple(actions: readonly Action[]): string | undefined {
    const [first, ...rest] = actions.filter(({ kind }) => kind !== 'comment');
    if (first?.kind === 'exec') return this.#program(first.step);
    if (first?.kind !== 'wrap') return undefined;
    const command = this.#simple(rest);
    return command === undefined ? undefined : `${quoteCommand(first.argv)} ${command}`;
  }

  #program({ argv, candidates, env }: ExecStep): string {
    const name = String(argv[0]);
    const [path = name] = candidates;
    // a name that was looked up in PATH is looked up again
    const found = candidates.length > 1 || path.endsWith(`/${name}`) ? name : path;
    const command = quoteCommand([found, ...argv.slice(1).map(String)]);
    const { words } = passedEnvironment(env, this.#context);
    return words === '' ? command : `${words} ${command}`;
  }

  #environment({ env, argv, candidates }: ExecStep): string[] {
    const lines: string[] = [];
    const name = String(argv[0]);
    const [path = name] = candidates;
    if (path !== name && !path.endsWith(`/${name}`)) lines.push(comment(`with the name ${name}`));
    return [...lines, ...passedEnvironment(env, this.#context).comments.map(comment)];
  }
}

function commandLine({ text, why, tolerated }: Extract<Action, { kind: 'line' }>): string {
  return `${text}${tolerated ? ' || :' : ''}  ${comment(why)}`;
}

/** An apostrophe would end the quoted script around it, or be a riddle in it. */
const comment = (text: string): string => `# ${text.replaceAll(/\s+/g, ' ').replaceAll("'", '’')}`;
