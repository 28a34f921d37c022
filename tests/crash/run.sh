#!/bin/sh
# Kills the writer of trajectory files before each call that changes a file, and checks
# that every row flushed before is intact and that the file opens.
#
#   tests/crash/run.sh BINARIES [full]
#
# BINARIES: folder with writer, checker and shim.so. Without "full" only every 11th call is
# tried (every one where there are few), and h5py is left out.
set -u
bin=${1:?folder with writer, checker, shim.so} stride=11 rows=24
here=$(cd "$(dirname "$0")" && pwd)
test "${2:-}" = full && stride=1 && rows=150
bin=$(cd "$bin" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/lnn_crash.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# try SCENARIO K TORN OLD: one kill; OLD is a complete file to be replaced, or ""
try()
{
    dir=$work/$1.$2.$3.${4:+old}
    mkdir "$dir"
    test -z "$4" || cp "$work/old.h5" "$dir/run.h5"
    head -c 8 /dev/zero > "$dir/journal"
    (
        test "$3" = whole || export LNN_CRASH_TORN=1
        LNN_CRASH_AT=$2 LD_PRELOAD=$bin/shim.so \
            "$bin/writer" "$dir/run.h5" "$1" "$rows" "$dir/journal" || :
    ) > "$dir/log" 2>&1
    if "$bin/checker" "$dir/run.h5" "$dir/journal" >> "$dir/log" 2>&1; then
        passed=$((passed + 1))
        test "$stride" = 1 || rm -rf "$dir"
    else
        failed=$((failed + 1))
        echo "FAILED: $1, killed before call $2 ($3${4:+, over an old file})" >&2
        cat "$dir/log" >&2
    fi
}

# scenario NAME TORN OLD
scenario()
{
    head -c 8 /dev/zero > "$work/journal"
    test -z "$3" || cp "$work/old.h5" "$work/whole.h5"
    LNN_CRASH_COUNT=$work/count LD_PRELOAD=$bin/shim.so \
        "$bin/writer" "$work/whole.h5" "$1" "$rows" "$work/journal" || exit 2
    "$bin/checker" "$work/whole.h5" "$work/journal" > /dev/null || exit 2
    calls=$(cat "$work/count")
    step=$stride
    test "$calls" -gt 20 || step=1
    k=1
    while [ "$k" -le "$calls" ]; do
        try "$1" "$k" "$2" "$3"
        k=$((k + step))
    done
    echo "$1 ($2${3:+, over an old file}): $calls calls that change a file"
    rm -f "$work/whole.h5"
}

"$bin/writer" "$work/old.h5" exact "$rows" || exit 2
for name in exact short grow late sync; do scenario $name whole ""; done
for name in exact grow; do scenario $name torn ""; done
scenario short whole old
scenario store whole old
scenario store torn old
rm -f "$work/old.h5"
if [ "$stride" = 1 ] && /usr/bin/python3 -c 'import h5py' 2> /dev/null; then
    /usr/bin/python3 "$here/check_h5py.py" "$work" || failed=$((failed + 1))
fi
echo "crash: $passed passed, $failed failed"
test "$failed" -eq 0
