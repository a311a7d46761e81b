import { identifier, shortHelp } from './completion-text.js';
import { type CommandSpec, type Completable, longNames, type OptionSpec, visibleOptions } from './options.js';

/** For fish 3.2 and later. fish's argparse is getopt_long, so it finds the first operand as we do. */
export function renderFish(program: CommandSpec, commands: readonly CommandSpec[]): string {
  const name = quote(program.name);
  const stopping = commands.filter(({ operands }) => operands === 'command').map((each) => quote(each.name));
  const lines = [
    ...optionLines(program, { program: name, command: '' }),
    ...commands.flatMap((command) => [
      `\n${complete(name, '', 'operands')} -f -a ${quote(command.name)} -d ${quote(command.summary)}`,
      ...optionLines(command, { program: name, command: command.name }),
      ...operandLines(command, name),
    ]),
  ];
  return [
    `# fish completion for ${program.name}: ${program.name} completion fish | source`,
    operandsFunction(program, commands),
    MACHINE.replace('__STOP', stopping.join(' ')),
    `complete -c ${name} -f\n${lines.join('\n')}\n`,
  ]
    .join('\n\n')
    .replaceAll('__ID', `__${identifier(program.name)}`);
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

function operandsFunction(program: CommandSpec, commands: readonly CommandSpec[]): string {
  const branches = [{ ...program, name: '' }, ...commands].map((command) => {
    const stop = command.name === '' || command.operands === 'command' ? '-s ' : '';
    const marks = { none: '', required: '=', optional: '=?' };
    const specs = visibleOptions(command).flatMap((option) =>
      longNames(option).map((name, index) => {
        const short = index === 0 && option.short !== undefined ? `${option.short}/` : '';
        return quote(short + name + marks[option.argument ?? 'none']);
      }),
    );
    return `        case ${quote(command.name)}\n            set specs ${stop}${specs.join(' ')}`;
  });
  return `# Prints the operands among the words of a command. Fails while an option lacks its argument.
function __ID_operands --argument-names command
    set -e argv[1]
    # argparse sets the argv of its own block, so it must not stand in the switch.
    set -l specs
    switch $command
${branches.join('\n')}
        case '*'
            return 1
    end
    argparse $specs -- $argv 2>/dev/null
    or return
    set -q argv[1]
    and printf '%s\\n' $argv
    return 0
end`;
}

const MACHINE = `# The words of the command line before the current one, without the program's name and options.
function __ID_words
    set -l words (commandline -opc)
    set -e words[1]
    __ID_operands '' $words
end

# Whether the current word may be one of the options, one of the operands, or the first of these, of the command.
function __ID_at --argument-names command what
    set -l words (__ID_words)
    or return
    if test -z "$command"
        not set -q words[1]
        return
    end
    test "$words[1]" = "$command"
    or return
    set -e words[1]
    set -l operands (__ID_operands $command $words)
    if test $status -ne 0
        # An option waits for its argument; fish looks at the options to find out.
        test $what = options
    else if test $what = options
        not contains -- $command __STOP
        or not set -q operands[1]
    else if set -q operands[1]
        test $what = operands
    else
        # An option with its argument: --mount=FILE.
        not string match -q -- '-*' (commandline -ct)
        or contains -- -- (commandline -opc)
    end
end

# After the first operand another command is being typed.
function __ID_subcommand --argument-names command
    set -l words (__ID_words)
    set -e words[1]
    set -l operands (__ID_operands $command $words)
    set -l token (commandline -ct)
    if set -q operands[1]
        complete -C (string join ' ' -- (string escape -- $operands) "$token")
    else
        __fish_complete_command
    end
end

# Completes the last item of a comma list.
function __ID_list
    set -l token (commandline -ct | string replace -r -- '^--[^=]*=' '')
    set -l done (string match -r -- '^.*,' "$token")
    set -l used (string split , -- "$done")
    for item in $argv
        contains -- $item $used
        or printf '%s\\n' "$done$item"
    end
end`;

function complete(program: string, command: string, what: 'options' | 'operands' | 'first'): string {
  return `complete -c ${program} -n ${quote(`__ID_at ${quote(command)} ${what}`)}`;
}

function optionLines(command: CommandSpec, names: { program: string; command: string }): string[] {
  return visibleOptions(command).map((option) => {
    const spelled = [
      ...(option.short === undefined ? [] : [`-s ${quote(option.short)}`]),
      ...longNames(option).map((name) => `-l ${quote(name)}`),
    ].join(' ');
    const line = `${complete(names.program, names.command, 'options')} ${spelled}${value(option)}`;
    return `${line} -d ${quote(shortHelp(option))}`;
  });
}

const SOURCES: Record<Exclude<Completable, 'file'>, string> = {
  directory: '(__fish_complete_directories)',
  command: '(__fish_complete_command)',
  user: '(__fish_complete_users)',
  pid: '(__fish_complete_pids)',
};

interface Source {
  readonly choices?: readonly string[];
  readonly list?: boolean;
  readonly complete?: Completable;
}

/** -r: the argument is required; -f: no files; -F: files after all. */
function value(option: OptionSpec): string {
  const kind = option.argument ?? 'none';
  if (kind === 'none') return '';
  return `${kind === 'required' ? ' -r' : ''}${source(option)}`;
}

function source({ choices, list, complete: from }: Source): string {
  if (choices) {
    const words = choices.map(quote).join(' ');
    return ` -f -a ${quote(list ? `(__ID_list ${words})` : words)}`;
  }
  if (from === 'file') return ' -F';
  return from ? ` -f -a ${quote(SOURCES[from])}` : ' -f';
}

function operandLines(command: CommandSpec, program: string): string[] {
  const at = complete(program, command.name, command.operand?.choices ? 'first' : 'operands');
  if (command.operands === 'command') {
    return [`${at} -f -a ${quote(`(__ID_subcommand ${quote(command.name)})`)}`];
  }
  return command.operands === 'any' && command.operand ? [`${at}${source(command.operand)}`] : [];
}
