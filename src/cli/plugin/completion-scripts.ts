import { UsageError } from '../exit.ts';

/** kubectl runs a program of this name for the words behind `kubectl headwind` (Kubernetes 1.26 and newer). */
const KUBECTL = `#!/bin/sh
# Completes "kubectl headwind": put this on PATH as kubectl_complete-headwind, executable, beside kubectl-headwind.
exec kubectl-headwind __complete "$@"`;

const BASH = `# bash completion of kubectl-headwind; "kubectl headwind" is completed by kubectl's own and kubectl_complete-headwind.
# To load it: source <(kubectl headwind completion bash)
_kubectl_headwind() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(kubectl-headwind __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _kubectl_headwind kubectl-headwind`;

const ZSH = `#compdef kubectl-headwind
# zsh completion of kubectl-headwind; "kubectl headwind" is completed by kubectl's own and kubectl_complete-headwind.
# To load it: source <(kubectl headwind completion zsh)
_kubectl_headwind() {
  local line word
  local -a candidates
  while IFS= read -r line; do
    [[ $line == :* ]] && continue
    word=\${line%%$'\\t'*}
    if [[ $line == *$'\\t'* ]]; then
      candidates+=("\${word//:/\\\\:}:\${line#*$'\\t'}")
    else
      candidates+=("\${word//:/\\\\:}")
    fi
  done < <(kubectl-headwind __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#candidates} )); then _describe -V kubectl-headwind candidates; else _files; fi
}
compdef _kubectl_headwind kubectl-headwind`;

const FISH = `# fish completion of kubectl-headwind.
# To load it: kubectl headwind completion fish | source
function __kubectl_headwind_complete
    set -l words (commandline -opc)
    kubectl-headwind __complete $words[2..-1] (commandline -ct) 2>/dev/null | string match -v -r '^:'
end
complete -c kubectl-headwind -f -a '(__kubectl_headwind_complete)'
complete -c kubectl-headwind -s f -l filename -r -F`;

const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH, kubectl: KUBECTL };

/** The script for a shell, or for kubectl. Throws UsageError. */
export function completionScript(shell: string): string {
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script !== undefined) return script;
  throw new UsageError(`"${shell}": expected one of ${Object.keys(SCRIPTS).join(', ')}`);
}
