#!/bin/sh
# Installs the Debian packages that are missing: tests/setup.sh [build] [test] [ci]
# Quick, silent and without network when nothing is. Elsewhere than on Debian it says what
# is needed and goes on if pkg-config and PATH have it.
set -u

# One package a line: its name, and what shows that it is there already (pkg-config module,
# program, or - for dpkg's word alone).
build='pkg-config bin:pkg-config
libc6-dev -
libgsl-dev pc:gsl
libopenblas-dev pc:openblas
liblapacke-dev pc:lapacke
libhdf5-dev pc:hdf5-serial
libyaml-dev pc:yaml-0.1
zlib1g-dev pc:zlib'
test='libcriterion-dev pc:criterion
python3 -
python3-numpy -
python3-h5py -
hdf5-tools bin:h5dump'
ci='clang bin:clang
clang-format bin:clang-format
g++ bin:g++
shellcheck bin:shellcheck
netcdf-bin bin:ncdump
python3-xarray -
python3-netcdf4 -
python3-h5netcdf -
python3-matplotlib -
python3-ipykernel -
jupyter-nbconvert bin:jupyter-nbconvert
octave bin:octave
chromium bin:chromium'

present() { # package probe
    case $2 in
    pc:*) pkg-config --exists "${2#pc:}" 2>/dev/null ;;
    bin:*) command -v "${2#bin:}" >/dev/null ;;
    *) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
    esac
}

missing() { # the packages of the lists given that are not there
    for list in "$@"; do
        case $list in
        build) rows=$build ;; test) rows=$test ;; ci) rows=$ci ;;
        *) echo "setup: build, test or ci is meant, not '$list'" >&2 && exit 2 ;;
        esac
        echo "$rows" | while read -r package probe; do
            present "$package" "$probe" || echo "$package"
        done
    done
}

elsewhere() { # not Debian: the libraries decide
    absent=
    for pc in gsl openblas yaml-0.1 zlib; do
        pkg-config --exists $pc || absent="$absent $pc"
    done
    pkg-config --exists hdf5-serial || pkg-config --exists hdf5 || absent="$absent hdf5"
    [ -z "$absent" ] && exit 0
    echo "setup: this is not Debian; install by hand, with headers and pkg-config files:"
    echo "setup: gsl, openblas, lapacke, hdf5 (serial, with its hl library), libyaml, zlib;"
    echo "setup: for the tests criterion, python3 with numpy and h5py. Not found:$absent"
    exit 1
} >&2

apt_get() {
    $become env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" </dev/null
}

# As root, or through sudo; somebody at the terminal is asked first.
install_all() {
    echo "setup: missing, to be installed (some minutes): $*"
    become=
    command="apt-get install -y --no-install-recommends $*"
    if [ "$(id -u)" != 0 ]; then
        become=sudo
        if ! command -v sudo >/dev/null || { [ ! -t 0 ] && ! sudo -n true 2>/dev/null; }; then
            echo "setup: run this as root, then make again:" && echo "  $command" && exit 1
        fi
        if [ -t 0 ]; then
            printf 'setup: install these with sudo? [Y/n] '
            read -r answer
            case $answer in [nN]*) echo "  $command" && exit 1 ;; esac
        fi
    fi
    log=$(mktemp) || exit 1
    apt_get update >"$log" 2>&1 ||
        echo "setup: apt-get update had trouble; going on with the lists that are there"
    if ! apt_get install -y --no-install-recommends "$@" >>"$log" 2>&1; then
        tail -n 20 "$log" && rm -f "$log"
        echo "setup: this failed: $command" && exit 1
    fi
    rm -f "$log"
} >&2

[ $# -gt 0 ] || set -- build
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    elsewhere
fi
packages=$(missing "$@") || exit
if [ -n "$packages" ]; then
    # shellcheck disable=SC2086 # one word a package
    install_all $packages
fi
case " $* " in
*" ci "*) # a reader of HDF5 in JavaScript, where npm is; Debian's brings 300 packages
    cd "$(dirname "$0")/.." || exit 1
    [ -d build/node/node_modules/h5wasm ] ||
        npm install --silent --fetch-retries 1 --prefix build/node h5wasm ||
        echo "setup: h5wasm cannot be had; going on without it" >&2 ;;
esac
