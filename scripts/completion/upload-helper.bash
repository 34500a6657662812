# Completion for bash: upload-helper itself supplies the suggestions. Installed by scripts/install-completion.sh.
_upload_helper() {
  local before=${COMP_LINE:0:COMP_POINT} program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} line suggestion
  line="upload-helper${before#*"$program"}"
  COMPREPLY=()
  while IFS= read -r suggestion; do
    case $suggestion in
      /* | '-?') ;;
      "$word"*) COMPREPLY+=("$suggestion") ;;
    esac
  done < <("$program" "[suggest:${#line}]" "$line" 2>/dev/null)
}
complete -o default -F _upload_helper upload-helper
