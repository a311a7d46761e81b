import { identifier, quote } from './completion-text.js';
import { type CommandSpec, type Completable, longNames, spellings, visibleOptions } from './options.js';

/** For bash 4 and later, with bash-completion or without. Needs no `eval` and no `compgen -W`, which expands. */
export function renderBash(program: CommandSpec, commands: readonly CommandSpec[]): string {
  const id = `_${identifier(program.name)}`;
  return [
    `# bash completion for ${program.name}: source <(${program.name} completion bash)`,
    tables(program, commands),
    values(program, commands),
    MACHINE,
    `complete -F __ID ${quote(program.name)}\n`,
  ]
    .join('\n\n')
    .replaceAll('__ID', id);
}

/** The empty command name is the program itself. */
function eachTable(program: CommandSpec, commands: readonly CommandSpec[]): [string, CommandSpec][] {
  return [['', program], ...commands.map((command): [string, CommandSpec] => [command.name, command])];
}

function tables(program: CommandSpec, commands: readonly CommandSpec[]): string {
  const branches = eachTable(program, commands).map(([name, command]) => {
    const colons = { none: '', required: ':', optional: '::' };
    const options = visibleOptions(command);
    const longs = options.flatMap((option) =>
      longNames(option).map((long) => quote(long + colons[option.argument ?? 'none'])),
    );
    const short = options.flatMap((option) =>
      option.short === undefined
        ? []
        : [option.short + colons[option.shortArgument ?? option.argument ?? 'none']],
    );
    const operands = name === '' ? 'subcommand' : command.operand?.choices ? 'first' : command.operands;
    return `    ${quote(name)}) short=${quote(short.join(''))} operands=${operands}
      long=(${longs.join(' ')}) ;;`;
  });
  return `# Sets short and long (as for getopt) and operands for a command.
__ID_table() {
  case $1 in
${branches.join('\n')}
    *) return 1 ;;
  esac
}`;
}

const SOURCES: Record<Completable, string> = {
  file: '__ID_paths -f',
  directory: '__ID_paths -d',
  command: '__ID_paths -c',
  user: '__ID_lines -u',
  pid: '__ID_pids',
};

interface Source {
  readonly choices?: readonly string[];
  readonly list?: boolean;
  readonly complete?: Completable;
}

function source({ choices, list, complete }: Source): string | undefined {
  if (choices) return `__ID_${list ? 'list' : 'offer'} ${choices.map(quote).join(' ')}`;
  return complete && SOURCES[complete];
}

function values(program: CommandSpec, commands: readonly CommandSpec[]): string {
  const branches = eachTable(program, commands).flatMap(([name, command]) => {
    const options = visibleOptions(command).map((option) => ({ labels: spellings(option), from: option }));
    const operand = { labels: ['operand'], from: command.operand ?? {} };
    return [...options, operand].flatMap(({ labels, from }) => {
      const action = source(from);
      if (action === undefined) return [];
      return [`    ${labels.map((label) => quote(`${name} ${label}`)).join('|')}) ${action} ;;`];
    });
  });
  const names = commands.map(({ name }) => quote(name)).join(' ');
  return `# Offers what may stand for the argument of an option, or for an operand, of a command.
__ID_value() {
  case "$1 $2" in
    ' operand') __ID_offer ${names} ;;
${branches.join('\n')}
  esac
}`;
}

/** What does not depend on the tables. Local variables of __ID are seen by what it calls. */
const MACHINE = `# COMP_WORDS without the breaks bash makes at '=' and ':'. starts[i]: where words[i] starts in COMP_WORDS.
__ID_words() {
  local i line=\${COMP_LINE-} word before=''
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((i > 1)) && [[ $line != [[:blank:]]* ]] && { __ID_break "$word" || __ID_break "$before"; }; then
      words[\${#words[@]} - 1]+=$word
    else
      starts+=("$i") words+=("$word")
    fi
    while [[ $line == [[:blank:]]* ]]; do line=\${line#?}; done
    line=\${line#"$word"} before=$word
  done
  cword=$((\${#words[@]} - 1))
}

__ID_break() { [[ -n $1 && $1 != *[!=:]* ]]; }

# Steps from words[$1] over options: at becomes the index of the first operand or cword, pending the option whose
# argument is being typed, ended is set after --, count says how many operands were stepped over.
__ID_scan() {
  at=$1 pending='' ended='' count=0
  local word
  for (( ; at < cword; at++)); do
    word=\${words[at]}
    case $word in
      --) ended=1; ((count += cword - ++at)); return ;;
      --*=*) ;;
      --*) __ID_long "\${word#--}"; [[ $kind == : ]] && __ID_takes "--$name" ;;
      -?*) __ID_cluster "\${word#-}" ;;
      *) case $operands in command|subcommand) return ;; esac; ((count++)) ;;
    esac
  done
  at=$cword
}

# The option $1 has its argument in the next word.
__ID_takes() {
  ((++at == cword)) && pending=$1
}

# name and kind ('', ':' or '::') of a long option or its abbreviation.
__ID_long() {
  local entry
  name=$1 kind=''
  for entry in "\${long[@]}"; do
    if [[ \${entry%%:*} == "$1" ]]; then kind=\${entry#"$1"}; return; fi
  done
  for entry in "\${long[@]}"; do
    if [[ $entry == "$1"* ]]; then name=\${entry%%:*} kind=\${entry#"$name"}; return; fi
  done
}

__ID_cluster() {
  local rest=$1 letter
  while [[ -n $rest ]]; do
    letter=\${rest:0:1} rest=\${rest:1}
    [[ $short == *"$letter:"* ]] || continue
    [[ -z $rest && $short != *"$letter::"* ]] && __ID_takes "-$letter"
    return
  done
}

# Candidates for part, the end of the current word; head is what stands before it.
__ID_offer() {
  local word
  for word; do
    [[ $word == "$part"* ]] || continue
    COMPREPLY+=("$head$word")
    [[ $word == *= ]] && compopt -o nospace 2>/dev/null
  done
}

__ID_list() {
  local item used='' rest=()
  if [[ $part == *,* ]]; then used=\${part%,*}, head+=$used part=\${part##*,}; fi
  for item; do
    [[ ,$used == *",$item,"* ]] || rest+=("$item")
  done
  compopt -o nospace 2>/dev/null
  __ID_offer "\${rest[@]}"
}

__ID_lines() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$head$word"); done < <(compgen "$@" -- "$part")
}

__ID_paths() {
  compopt -o filenames 2>/dev/null
  __ID_lines "$@"
}

__ID_pids() {
  local directory
  for directory in /proc/[0-9]*; do __ID_offer "\${directory##*/}"; done
}

__ID_command() {
  if declare -F _command_offset >/dev/null; then
    _command_offset "\${starts[at]}"
  elif ((at == cword)); then
    __ID_paths -c
  else
    __ID_paths -f
  fi
}

__ID_option() {
  local entry i
  if [[ $cur == --*=* ]]; then
    entry=\${cur%%=*} head=$entry= part=\${cur#*=}
    __ID_long "\${entry#--}"
    __ID_value "$command" "--$name"
    return
  fi
  for entry in "\${long[@]}"; do __ID_offer "--\${entry%%:*}"; done
  [[ $cur == - ]] || return
  for ((i = 0; i < \${#short}; i++)); do
    [[ \${short:i:1} == : ]] || COMPREPLY+=("-\${short:i:1}")
  done
}

__ID() {
  local -a words=() starts=() long=()
  local cword at pending ended count short operands name kind command='' head='' part cur cut
  COMPREPLY=()
  __ID_words
  __ID_table ''
  __ID_scan 1
  if ((at < cword)); then
    command=\${words[at]}
    [[ -n $command ]] && __ID_table "$command" || return 0
    __ID_scan $((at + 1))
  fi
  cur=\${words[cword]} part=$cur
  if [[ -n $pending ]]; then
    __ID_value "$command" "$pending"
  elif [[ $cur == -* && -z $ended ]] && ((at == cword)); then
    __ID_option
  elif [[ $operands == command ]]; then
    __ID_command
    return 0
  elif [[ $operands != none ]] && { [[ $operands != first ]] || ((count == 0)); }; then
    __ID_value "$command" operand
  fi
  # bash replaces only what follows its last break.
  cut=\${COMP_WORDBREAKS//[!=:]/}
  if [[ -n $cut && $cur == *[$cut]* ]]; then
    cut=\${cur%"\${cur##*[$cut]}"}
    COMPREPLY=("\${COMPREPLY[@]#"$cut"}")
  fi
  return 0
}`;
