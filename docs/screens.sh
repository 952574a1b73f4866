#!/usr/bin/env bash
# Takes pictures of the screens, of the program as it is now, into docs/screens/.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --bin conclave
cargo run --example pictures -- target/debug/conclave docs/screens
