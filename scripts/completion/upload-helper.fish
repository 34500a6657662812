# Completion for fish: upload-helper itself supplies the suggestions. Installed by scripts/install-completion.sh.
function __upload_helper_suggest
    set -l program (commandline -opc)[1]
    set -l line "upload-helper"(string replace -- "$program" "" (commandline -cp) | string collect)
    $program "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null | string match -v -r '^(/|-\?$)'
end
complete -c upload-helper -a '(__upload_helper_suggest)'
