#!/bin/bash
# Each public header stands in lnnflow.h and compiles alone: as C and C++, gcc and clang.
set -u
cd "$(dirname "$0")/../.." || exit 2
status=0
flags=(-Iinclude -D_POSIX_C_SOURCE=200809L -fsyntax-only -Wall -Wextra -Wno-unused -Werror)
# shellcheck disable=SC2207 # one word a flag
flags+=($(pkg-config --cflags gsl openblas hdf5-serial 2>/dev/null))
log=$(mktemp) || exit 2
trap 'rm -f "$log"' EXIT

for header in include/lnn/*.h; do
    name=${header#include/}
    grep -qF "#include \"$name\"" include/lnnflow.h || {
        echo "$header:1: not in include/lnnflow.h"
        status=1
    }
done
for header in include/lnnflow.h include/lnn/*.h src/*.h; do
    [ -e "$header" ] || continue
    for compiler in 'gcc -x c -std=c11' 'clang -x c -std=c11' 'g++ -x c++' 'clang++ -x c++'; do
        command -v "${compiler%% *}" >/dev/null || continue
        case $header$compiler in src/*++) continue ;; esac
        # shellcheck disable=SC2086 # several words
        $compiler -Isrc -I. "${flags[@]}" - <<<"#include \"$header\"" >"$log" 2>&1 || {
            echo "$header:1: does not stand alone with ${compiler%% *}:" && grep -m 3 error "$log"
            status=1
        }
    done
done
exit $status
