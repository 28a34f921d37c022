#!/bin/bash
# The Python module beside the notebooks, the experiments shortened, and the notebooks
# executed on small versions: tests/notebooks/run.sh PROGRAM
#
# What needs a Python module or a program that is not installed is skipped and says so.
set -u
program=$(realpath "${1:?the lnnflow program}")
cd "$(dirname "$0")/../.." || exit 2
passed=0 failed=0 skipped=0
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
export LC_ALL=C MPLBACKEND=Agg PYTHONDONTWRITEBYTECODE=1

part() { # name, command: its last line counts, as in tests/run.sh
    local name=$1 code line='([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$'
    shift
    "$@" >"$work/said" 2>&1
    code=$?
    if [[ $(tail -n 1 "$work/said") =~ $line ]]; then
        passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
        skipped=$((skipped + BASH_REMATCH[3]))
        [ $code = 0 ] && [ "${BASH_REMATCH[2]}" = 0 ] && { grep skipped: "$work/said"; return; }
        [ "${BASH_REMATCH[2]}" != 0 ] || failed=$((failed + 1))
    elif [ $code = 77 ]; then
        skipped=$((skipped + 1))
    else
        failed=$((failed + 1))
    fi
    echo "$name: exit code $code" && tail -n 40 "$work/said"
}

part module tests/notebooks/module.py "$program" "$work"
part experiments notebooks/experiments.py --short --program "$program" --output "$work"
part notebooks tests/notebooks/execute.py "$program"
echo "notebooks: $passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
