#!/bin/bash
# tests/carriers_simulator/sdk/numbers.sh SIMULATOR
# The carriers' official Node clients, in the versions that package-lock.json names, against the simulated number APIs
# over TLS. 77 (skipped) without Node 18, npm or its registry.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
simulator=$1

unavailable() {
  echo "carrier SDKs: $1" >&2
  exit 77
}

command -v node >/dev/null && command -v npm >/dev/null || unavailable "node and npm are not installed"
node --eval 'process.exit(process.versions.node.split(".")[0] >= 18 ? 0 : 1)' || unavailable "they need Node 18 or later"
work=$(mktemp -d)
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cp "$here"/package.json "$here"/package-lock.json "$here"/.npmrc "$here"/numbers.mjs "$work"
(cd "$work" && npm ci --ignore-scripts --silent) || unavailable "they cannot be installed"
cat >"$work/scenario.toml" <<'TOML'
[telnyx]
order_settle_ms = 20
TOML
mkfifo "$work/ready"
"$simulator" "$work/log" "$work/scenario.toml" >"$work/ready" &
pid=$!
read -r line <"$work/ready"
cd "$work"
# The simulator's own authority is the only thing added to what these clients trust.
NODE_EXTRA_CA_CERTS="$work/log.ca.pem" node numbers.mjs "$line"
bought=$(grep -c '"event":"number_bought"' "$work/log")
[[ $bought == 5 ]] || { echo "bought $bought numbers, not 5" >&2; exit 1; }
