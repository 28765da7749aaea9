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

command -v node >/dev/null && command -v npm >/dev/null || unavailable "node and npm are not installed"
node --eval 'const [major, minor] = process.versions.node.split("."); process.exit(major * 100 + +minor >= 2019 ? 0 : 1)' ||
  unavailable "the linter needs Node 20.19 or later"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/package.json "$here"/package-lock.json "$here"/.npmrc "$here"/redocly.yaml "$work"
(cd "$work" && npm ci --ignore-scripts --silent) || unavailable "the linter cannot be installed"
"$document" >"$work/openapi.json"
cd "$work"
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
node_modules/.bin/redocly lint openapi.json
