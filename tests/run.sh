#!/bin/bash
# Runs what is tested and sums it up: tests/run.sh BUILD [unit]
#
# BUILD (build/release, build/san, ...) holds lnn_tests, lnnflow and crash/. A suite ends
# with the line "N passed, N failed, N skipped"; one that does not counts as one test by
# its exit code (77: skipped). The last line here is the sum; the exit code is 0 iff all
# that ran passed and something ran. A sanitizer's report is a failure, a leak's too.
set -u
cd "$(dirname "$0")/.." || exit 2
build=$(realpath "$1") only=${2-}
passed=0 failed=0 skipped=0
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

export OPENBLAS_NUM_THREADS=1 LC_ALL=C
export NODE_PATH=$PWD/build/node/node_modules # tests/setup.sh ci puts h5wasm there
if [ "$(basename "$build")" = san ]; then
    reports=$build/log
    rm -rf "$reports" && mkdir -p "$reports"
    export ASAN_OPTIONS="detect_leaks=1:log_path=$reports/asan"
    export LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp:print_suppressions=0"
    export UBSAN_OPTIONS="print_stacktrace=1:log_path=$reports/ubsan"
fi

count() { # name passed failed skipped
    printf '%s: %d passed, %d failed, %d skipped\n' "$@"
    passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
}

unit() {
    local report=$work/unit.json
    "$build/lnn_tests" --jobs "$(nproc)" --json="$report" 2>&1 | sed '/Synthesis:/d'
    local code=${PIPESTATUS[0]} p f e s
    p=$(total passed) f=$(total failed) e=$(total errored) s=$(total skipped)
    if [ -z "$p" ] || { [ "$code" != 0 ] && [ $((f + e)) = 0 ]; }; then
        echo "unit: the test program ended with code $code"
        e=$((e + 1))
    fi
    count unit "$p" $((f + e)) "$s"
}

total() { # a key of the report: the first is that of all suites together
    sed -n "s/^ *\"$1\": \([0-9]*\).*/\1/p" "$work/unit.json" 2>/dev/null | head -n 1
}

suite() { # path; its arguments
    [ -x "$1" ] || return
    local name code line='([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$'
    name=${1#tests/} name=${name%/run.*} name=${name%.sh}
    "$@" >"$work/suite" 2>&1 </dev/null
    code=$?
    if [[ $(grep -E "$line" "$work/suite" | tail -n 1) =~ $line ]]; then
        local p=${BASH_REMATCH[1]} f=${BASH_REMATCH[2]} s=${BASH_REMATCH[4]:-0}
        [ $code = 0 ] || [ "$f" -gt 0 ] || f=1
        grep -vE "$line" "$work/suite"
        count "$name" "$p" "$f" "$s"
        return
    fi
    cat "$work/suite"
    case $code in
    0) count "$name" 1 0 0 ;;
    77) count "$name" 0 0 1 ;;
    *) count "$name" 0 1 0 ;;
    esac
}

sanitizers() {
    local report found=0
    for report in "$reports"/*; do
        [ -s "$report" ] || continue
        found=$((found + 1))
        [ $found -gt 5 ] || { echo "$report:" && head -n 60 "$report"; }
    done
    if [ $found -gt 0 ]; then count sanitizers 0 $found 0; else count sanitizers 1 0 0; fi
}

unit
if [ "$only" != unit ]; then
    suite tests/odes.sh "$build/lnnflow"
    suite tests/theorems/run.py -q "$build/lnnflow"
    suite tests/theorems/sensitivity.py "$build/lnnflow"
    suite tests/cli/run.sh "$build/lnnflow"
    suite tests/notebooks/run.sh "$build/lnnflow"
    suite tests/readme.sh "$build"
    suite tests/report/run.py "$build/lnnflow"
    if [ -n "${reports-}" ]; then # the crash test's preloaded shim and ASan exclude each other
        count crash 0 0 1
    else
        suite tests/crash/run.sh "$build/crash"
    fi
    "$build/lnnflow" run odes/diabetes.yaml -q -o "$work/file.h5" >/dev/null
    "$build/lnnflow" verify "$work/file.h5" --store >/dev/null # no reader may stumble over it
    suite tests/readers/run.sh "$work/file.h5"
fi
[ -z "${reports-}" ] || sanitizers
echo "tests: $passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
