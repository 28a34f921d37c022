#!/bin/sh
# The tables in README.md are those `lnnflow list --markdown` prints. With --write they are
# brought up to date. Usage: tests/readme.sh BUILD_FOLDER [--write]
set -eu
build=$1
here=$(dirname "$0")
readme=$here/../README.md
new=$(mktemp)
table=$(mktemp)
trap 'rm -f "$new" "$table"' EXIT
"$build/lnnflow" list --markdown >"$table"
awk -v table="$table" '
    /^<!-- begin: / { print; print ""; while ((getline line < table) > 0) print line; skip = 1 }
    /^<!-- end -->/ { if (skip) print ""; skip = 0 }
    !skip' "$readme" >"$new"
if [ "${2:-}" = --write ]; then
    cp "$new" "$readme"
elif cmp -s "$new" "$readme"; then
    echo "readme: 1 passed, 0 failed"
else
    echo "README.md: its tables are not those of lnnflow list --markdown;" \
         "run tests/readme.sh $build --write" >&2
    diff "$readme" "$new" | head -5 >&2 || true
    echo "readme: 0 passed, 1 failed"
    exit 1
fi
