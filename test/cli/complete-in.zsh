# zsh -f complete-in.zsh SCRIPT LINE...: prints, after a line "== LINE", what an interactive zsh would offer
# for it. A zsh in a pseudo terminal sources SCRIPT; a widget completes the line and prints what compadd got.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=; stty -echo; autoload -Uz compinit; compinit -u -D; source '${(q)1}
# The markers are quoted apart so that an echo of the input does not look like the output.
zpty -w shell 'offer() {
  compadd() {
    local -a hits
    [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] || { builtin compadd -A hits "$@"; print -rl -- "HI"T:$^hits }
    builtin compadd "$@"
  }
  _main_complete
  unfunction compadd
  compstate[insert]="" compstate[list]=""
  print "DO"NE
}; zle -C offer complete-word offer; bindkey "^X" offer; print "REA"DY'
zpty -r -m shell output '*READY*'
for line in "${@[2,-1]}"; do
  print -r -- "== $line"
  zpty -w -n shell $'\x15'"$line"$'\x18'
  zpty -r -m shell output '*DONE*'
  print -r -- "$output"
done
