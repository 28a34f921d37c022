#!/bin/bash
# Builds the benchmarks against the library in the folder given and runs them, all or the
# cases named: bench/run.sh build/release [small | wide | ill | diabetes | descent]...
# The reports go to stdout, output/bench.md and output/descent.md.
set -eu
cd "$(dirname "$0")/.."
build=${1:?bench/run.sh build/release [case]...}
shift
case $build in
*san | *debug) echo "bench: $build is not for measuring; use release" >&2 && exit 2 ;;
esac
[ -e "$build/liblnnflow.a" ] || { echo "bench: make bench is meant" >&2 && exit 2; }
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

packages='gsl openblas yaml-0.1 zlib'
for name in hdf5-serial hdf5 lapacke; do
    case $packages$name in *hdf5-serialhdf5) continue ;; esac
    if pkg-config --exists $name; then packages="$packages $name"; fi
done
sundials='-lsundials_cvode -lsundials_nvecserial -lsundials_sunlinsolspgmr
    -lsundials_sunnonlinsolfixedpoint'
compile() { # program, its sources, more flags and libraries
    local program=$1 sources=$2
    shift 2
    # shellcheck disable=SC2046,SC2086 # one word a flag
    "${CC:-cc}" -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -O2 -Wall -Wextra \
        -Iinclude $(pkg-config --cflags $packages) $sources -o "$build/$program" \
        "$build/liblnnflow.a" "$@" $(pkg-config --libs-only-L $packages) -lhdf5_hl \
        $(pkg-config --libs-only-l $packages | sed 's/-lgslcblas//') -lpthread -lm
}
compile descent bench/descent.c
if [ "$*" = descent ]; then exec bench/descent.py "$build/descent" output/descent.md; fi
flows='bench/bench.c bench/bench_cvode.c'
# shellcheck disable=SC2086
if [ ! -e /usr/include/cvode/cvode.h ] || ! compile bench "$flows" -DBENCH_CVODE $sundials; then
    echo 'bench: without SUNDIALS (Debian: libsundials-dev)' >&2
    compile bench "$flows"
fi

python= # with numpy and, better, scipy: Debian's own rather than another on PATH
for name in /usr/bin/python3 python3; do
    if "$name" -c 'import numpy' 2>/dev/null; then
        python=$name
        break
    fi
done
"${python:-python3}" bench/compare.py "$build/bench" "$python" output/bench.md "$@"
if [ $# = 0 ]; then bench/descent.py "$build/descent" output/descent.md; fi
