# These instructions do not require Conclave, only a shell, sha256sum (GNU coreutils), OpenSSL 3 and Python 3.
# This file is a shell script. Read it, then run it in this directory:
#
#     sh VERIFY.txt
#
# It stops at the first failed check, with an exit status other than 0.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
is() {  # description, actual value, expected value
    [ "$2" = "$3" ] || { echo "[FAIL] $1: $2 instead of $3"; exit 1; }
    echo "[ok] $1: $2"
}
verifies() {  # description, then the command that verifies it
    what=$1; shift
    "$@" >"$work/output" 2>&1 || { cat "$work/output"; echo "[FAIL] $what"; exit 1; }
    echo "[ok] $what"
}

# 1. The files were not changed since they were written.

sha256sum --check --quiet --strict SHA256SUMS
echo "[ok] every file in SHA256SUMS is unchanged"
