#!/bin/bash
# Every problem in odes/ runs to its end, twice, and both files hold the same numbers to
# the bit (the group /volatile apart, where dates and times are): tests/odes.sh PROGRAM
set -u
program=$(realpath "$1")
cd "$(dirname "$0")/.." || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
mkdir "$work/a" "$work/b"
passed=0 failed=0 skipped=0

verdict() { # what, then a command
    local what=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        echo "odes: FAILED (exit code $?): $what" && tail -n 20 "$work/log"
        failed=$((failed + 1))
        return 1
    fi
}

same() {
    h5diff --exclude-path /volatile "$1" "$2"
}

for problem in odes/*.yaml; do
    [ -e "$problem" ] || continue
    name=$(basename "$problem" .yaml)
    verdict "lnnflow run $problem" "$program" run "$problem" -q -o "$work/a/$name.h5" || continue
    if ! command -v h5diff >/dev/null; then
        skipped=$((skipped + 1))
        continue
    fi
    "$program" run "$problem" -q -o "$work/b/$name.h5" >/dev/null 2>&1
    verdict "$problem gives the same file twice" same "$work/a/$name.h5" "$work/b/$name.h5"
    rm -f "$work"/?/"$name.h5"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
