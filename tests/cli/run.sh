#!/bin/bash
# Tests of the command line: tests/cli/run.sh PROGRAM [CASE...]
#
# Each case is cases/NAME.sh, run by bash in an empty folder with lnnflow on the PATH,
# $CASES and $ROOT set (this tree), stdin empty. What it prints must be NAME.stdout and
# NAME.stderr (no file: nothing), its exit code that of its second line, "# exit N: why".
# Code 77 skips the case. UPDATE=1 writes the expected files instead: look at the diff.
set -u
program=$(realpath "$1") || exit 2
shift
CASES=$(cd "$(dirname "$0")/cases" && pwd)
ROOT=$(cd "$CASES/../../.." && pwd)
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$program" "$work/bin/lnnflow"
export CASES ROOT PATH="$work/bin:$PATH" OPENBLAS_NUM_THREADS=1 LC_ALL=C TERM=dumb
passed=0 failed=0 skipped=0

same() { # name, stream: the expected file against what came
    local expected=$CASES/$1.$2
    [ -e "$expected" ] || expected=/dev/null
    diff -u --label "$1.$2, expected" --label "$1.$2" "$expected" "$work/$2"
}

update() { # name, stream
    if [ -s "$work/$2" ]; then
        cp "$work/$2" "$CASES/$1.$2"
    else
        rm -f "$CASES/$1.$2"
    fi
}

run() { # name
    local name=$1 code expected good=true
    expected=$(sed -n '2s/^# exit \([0-9]*\): .*/\1/p' "$CASES/$name.sh")
    rm -rf "$work/in" && mkdir "$work/in"
    (cd "$work/in" && exec timeout -k 5 300 bash "$CASES/$name.sh") \
        >"$work/stdout" 2>"$work/stderr" </dev/null
    code=$?
    if [ $code = 77 ]; then
        skipped=$((skipped + 1))
        return
    fi
    if [ -n "${UPDATE-}" ]; then
        update "$name" stdout
        update "$name" stderr
    fi
    same "$name" stdout || good=false
    same "$name" stderr || good=false
    [ "$code" = "$expected" ] || { echo "$name: exit code $code, not $expected" && good=false; }
    if $good; then
        passed=$((passed + 1))
    else
        echo "cli: FAILED: $name"
        failed=$((failed + 1))
    fi
}

if [ $# = 0 ]; then
    for path in "$CASES"/*.sh; do set -- "$@" "$(basename "$path" .sh)"; done
fi
for name; do run "$name"; done
echo "cli: $passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
