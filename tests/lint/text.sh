#!/bin/bash
# Sources are plain ASCII without tabs and trailing blanks, end with a newline, begin with
# a comment that says what they are, and are formatted (with clang-format 14, if there).
set -u
cd "$(dirname "$0")/../.." || exit 2
status=0
fail() { sed "s/\$/: $1/" | grep . && status=1; }
sources=$(find src odes include tests -name '*.[ch]' | sort)
lists=$(find src odes include -name '*.def')
scripts=$(find tests .ci -name '*.sh' -o -path .ci/run | sort)
# shellcheck disable=SC2086 # one word a file, here and below
{
    fail 'a tab' < <(grep -nHoP '\t' $sources $lists $scripts | cut -d: -f1,2)
    fail 'a blank at the end of the line' < <(grep -nHE ' +$' $sources $lists $scripts Makefile | cut -d: -f1,2)
    fail 'not plain ASCII' < <(LC_ALL=C grep -nHP '[^\x00-\x7f]' $sources | cut -d: -f1,2)
    fail 'begins without a comment' < <(awk 'FNR == 1 && !/^\/\*/ { print FILENAME ":1" }' $sources $lists)
    for file in $sources $lists $scripts; do
        [ -z "$(tail -c 1 "$file")" ] || fail 'no newline at the end' <<<"$file:1"
    done
    if clang-format --version 2>/dev/null | grep -q 'version 14'; then
        fail 'make format changes this (and perhaps more)' < <(
            clang-format --dry-run $sources 2>&1 |
                grep -E '^[^ :]+:[0-9]+:[0-9]+: (warning|error):' | cut -d: -f1,2 | sort -u -t: -k1,1)
    fi
    if command -v shellcheck >/dev/null; then
        fail 'shellcheck' < <(shellcheck -e SC2015 -f gcc $scripts)
    fi
}
exit $status
