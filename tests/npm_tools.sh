# tests/npm_tools.sh, to be sourced: checks that need packages of npm, which neither we nor our build need.

# install_npm_tools FOLDER NODE FILE...
# Installs what FOLDER's package-lock.json names into a new folder, $work, beside copies of FOLDER's FILEs; the shell's
# exit removes it. Where that can't be had, or Node is older than NODE (20.19), calls `unavailable` with the reason;
# whoever sources this defines it, and it must not return.
install_npm_tools() {
  local folder=$1 node=$2
  shift 2
  command -v node >/dev/null && command -v npm >/dev/null || unavailable "node and npm are not installed"
  [[ $(printf '%s\n' "$node" "$(node --version | tr -d v)" | sort --version-sort | head -n 1) == "$node" ]] ||
    unavailable "it needs Node $node or later"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cp "$folder"/package.json "$folder"/package-lock.json "$folder"/.npmrc "${@/#/$folder/}" "$work"
  (cd "$work" && npm ci --ignore-scripts --silent) || unavailable "its packages cannot be installed"
}
