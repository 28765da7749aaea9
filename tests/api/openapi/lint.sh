#!/bin/bash
# tests/api/openapi/lint.sh DOCUMENT_PROGRAM
# Judges the document that the program writes by the linter that package-lock.json names. 77 (skipped) without npm, its
# registry, or a Node that is new enough for the linter (20.19).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
document=$1

unavailable() {
  echo "openapi lint: $1" >&2
  exit 77
}

work=  # made by install_npm_tools
source "$here/../../npm_tools.sh"
install_npm_tools "$here" 20.19 redocly.yaml
"$document" >"$work/openapi.json"
cd "$work"
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
node_modules/.bin/redocly lint openapi.json
