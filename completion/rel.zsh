#compdef rel
# Completion for rel in zsh. Source it after compinit: eval "$(rel completions zsh)"
# Or save it as _rel in a folder of $fpath.
_rel() {
    local -a lines whole open
    local line
    lines=("${(@f)$("${(Q)words[1]}" __complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    case $lines[1] in
    folders) compset -P '--*='; _files -/ ;;
    files) compset -P '--*='; _files ;;
    words)
        for line in "${(@)lines[2,-1]}"; do
            if [[ $line == +* ]]; then open+=("${line#?}"); else whole+=("${line#?}"); fi
        done
        _describe -V 'rel' whole -- open -S ''
        ;;
    esac
}
if [ "$funcstack[1]" = "_rel" ]; then _rel "$@"; else compdef _rel rel; fi
