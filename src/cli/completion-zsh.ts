import { identifier, quote, shortHelp } from './completion-text.js';
import {
  type CommandSpec,
  type Completable,
  longNames,
  type OptionSpec,
  spellings,
  visibleOptions,
} from './options.js';

/** For zsh's completion system; usable as a file `_isol8` in fpath and by `source <(…)`. */
export function renderZsh(program: CommandSpec, commands: readonly CommandSpec[]): string {
  const id = `_${identifier(program.name)}`;
  const descriptions = commands.map(({ name, summary }) => quote(`${escapeColon(name)}:${summary}`));
  const branches = commands.map(
    (command) => `        ${quote(command.name)})
          _arguments -s -S ${command.operands === 'command' ? "-A '-*' " : ''}${specs(command, 12)}
          ;;`,
  );
  return `#compdef ${program.name}
# zsh completion for ${program.name}: source <(${program.name} completion zsh)

${id}_commands() {
  local -a commands=(
    ${descriptions.join('\n    ')}
  )
  _describe -t commands ${quote(`${program.name} command`)} commands
}

# Choices that end in '=' and are followed by text.
${id}_keys() {
  compadd -S '' "$@"
}

# The command after the options, with its own completion. _arguments leaves the -- before it in place.
${id}_normal() {
  if [[ $words[1] == -- ]]; then
    shift words
    (( CURRENT-- ))
  fi
  _normal
}

${id}() {
  local curcontext="$curcontext" state state_descr line
  local -A opt_args
  _arguments -C -s -S -A '-*' ${specs({ ...program, operands: 'none' }, 4)} \\
    '(-): :${id}_commands' '(-)*:: :->arguments' && return
  case $state in
    arguments)
      curcontext="\${curcontext%:*:*}:${program.name}-$words[1]:"
      case $words[1] in
${branches.join('\n')}
      esac
      ;;
  esac
}

if [[ $funcstack[1] == ${id} ]]; then
  ${id} "$@"
else
  compdef ${id} ${quote(program.name)}
fi
`.replaceAll('__ID', id);
}

function specs(command: CommandSpec, indent: number): string {
  const lines = visibleOptions(command)
    .flatMap(optionSpecs)
    .concat(operandSpecs(command))
    .map((spec) => `\\\n${' '.repeat(indent)}${quote(spec)}`);
  return lines.join(' ');
}

/** One spec for each spelling: `(-w --workdir)-w+[help]:DIR:_files -/`. */
function optionSpecs(option: OptionSpec): string[] {
  const kind = option.argument ?? 'none';
  const all = spellings(option);
  const prefix = option.repeatable ? '*' : `(${all.join(' ')})`;
  const help = `[${shortHelp(option).replace(/[\\[\]]/g, '\\$&')}]`;
  const colons = { none: '', required: ':', optional: '::' }[kind];
  const message = escapeColon(option.value ?? 'value');
  const value = kind === 'none' ? '' : `${colons}${message}:${escapeColon(action(option))}`;
  const short = option.short === undefined ? [] : [`-${option.short}`];
  const marks = { none: ['', ''], required: ['+', '='], optional: ['-', '=-'] }[kind];
  return [
    ...short.map((name) => `${prefix}${name}${marks[0]}${help}${value}`),
    ...longNames(option).map((name) => `${prefix}--${name}${marks[1]}${help}${value}`),
  ];
}

function operandSpecs({ operands, operand }: CommandSpec): string[] {
  if (operands === 'command') return ['(-):command: _command_names -e', '(-)*::arguments: __ID_normal'];
  if (operand === undefined || operands === 'none') return [];
  const which = operand.choices ? '1' : '*';
  return [`${which}:operand:${escapeColon(action(operand))}`, ...(operand.choices ? ['*:operand: '] : [])];
}

const SOURCES: Record<Completable, string> = {
  file: '_files',
  directory: '_files -/',
  command: '_command_names -e',
  user: '_users',
  pid: '_pids',
};

interface Source {
  readonly choices?: readonly string[];
  readonly list?: boolean;
  readonly complete?: Completable;
}

function action({ choices, list, complete }: Source): string {
  if (choices === undefined) return complete ? SOURCES[complete] : ' ';
  const words = choices.map(escapeWord).join(' ');
  if (list) return `_sequence compadd - ${words}`;
  return choices.some((choice) => choice.endsWith('=')) ? `__ID_keys - ${words}` : `(${words})`;
}

/** _arguments evaluates an action. Not quoted but escaped, so that a backslash is never followed by a bare colon. */
function escapeWord(text: string): string {
  return text.replace(/[^\w@%+,.:/-]/g, '\\$&');
}

/** In a spec a colon divides; the backslash before it is taken away, others stay. */
function escapeColon(text: string): string {
  return text.replaceAll(':', '\\:');
}
