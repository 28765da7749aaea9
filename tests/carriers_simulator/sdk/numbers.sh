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

work=  # made by install_npm_tools
source "$here/../../npm_tools.sh"
install_npm_tools "$here" 18 numbers.mjs
trap 'kill "${pid:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
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
