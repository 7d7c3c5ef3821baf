# Completion for rel in fish. Source it: rel completions fish | source
function __rel_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answer ($words[1] __complete fish $words[2..-1] "$current" 2>/dev/null)
    set -l head (string match -r -- '^--[a-z-]+=' $current)
    set -l path (string replace -r -- '^--[a-z-]+=' '' $current)
    switch "$answer[1]"
        case folders
            printf '%s\n' "$head"(__fish_complete_directories "$path" '')
        case files
            printf '%s\n' "$head"(__fish_complete_path "$path")
        case words
            printf '%s\n' $answer[2..-1]
    end
end
complete -c rel -f -a '(__rel_complete)'
