# Completion for rel in bash. Source it: eval "$(rel completions bash)"
# rel is asked at each tab; the part that bash replaces ($2) goes along, as bash cuts words at : and =.
_rel() {
    local line kind=
    COMPREPLY=()
    while IFS= read -r line; do
        if [ -z "$kind" ]; then kind=$line; else COMPREPLY+=("$line"); fi
    done < <("${1/#\~\//$HOME/}" __complete bash "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
    # bash 3.2 has no compopt, and offers no files then.
    case $kind in
    folders) compopt -o dirnames +o nospace 2>/dev/null ;;
    files) compopt -o default +o nospace 2>/dev/null ;;
    esac
}
complete -o nospace -F _rel rel
