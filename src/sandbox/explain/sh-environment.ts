/** How a script hands on the environment: by the names of its caller's variables, whose values stand in no script. */
import { quoteCommand } from './quote.js';
import type { Explained } from './run-time.js';

export interface PassedEnvironment {
  /** What goes before the program, as a shell reads it; '' where the program gets all that the script has. */
  readonly words: string;
  readonly comments: readonly string[];
}

export function passedEnvironment(env: readonly string[], context: Explained): PassedEnvironment {
  if (context.showEnvironment) return { words: quoteCommand(['env', '-i', ...env]), comments: [] };
  const caller = context.environment;
  if (!caller) {
    const names = env.map(nameOf);
    const told = [`isol8 passes these variables: ${names.length > 0 ? names.join(' ') : 'none'}`];
    return { words: '', comments: [...told, `${HIDDEN}: this starts with all of its caller's`] };
  }
  const own = (variable: string): boolean =>
    caller[nameOf(variable)] === variable.slice(nameOf(variable).length + 1);
  const passed = env.filter(own).map(nameOf);
  const others = env.filter((variable) => !own(variable)).map(nameOf);
  const all = Object.entries(caller).every(
    ([name, value]) => value === undefined || env.some((one) => nameOf(one) === name),
  );
  const spelled = passed.filter((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  const lost = all ? others : [...others, ...passed.filter((name) => !spelled.includes(name))];
  return {
    words: all ? '' : ['env -i', ...spelled.map((name) => `${name}="$${name}"`)].join(' '),
    comments: lost.length === 0 ? [] : [`isol8 passes these variables too: ${lost.join(' ')}`, HIDDEN],
  };
}

const nameOf = (variable: string): string => variable.split('=', 1)[0] as string;

/** What a script leaves out unless it is asked for. */
const HIDDEN = 'their values are shown with --show-env (showEnvironment) alone';
