#!/bin/bash
# Small units: a function (its signature's last line to its closing brace) at most 40
# lines, a file 400, a line 88.
set -u
cd "$(dirname "$0")/../.." || exit 2
found=$(find src odes include tests -name '*.[ch]' -exec awk '
FNR == 1 { if (NR > 1) finish(); file = FILENAME; open = 0 }
{ count = FNR }
length > 88 { print FILENAME ":" FNR ": a line of " length " characters, 88 at most" }
/^\{/ { open = FNR - 1; name = before }
/^\}/ && open {
    if (FNR - open + 1 > 40)
        print FILENAME ":" open ": a function of " FNR - open + 1 " lines, 40 at most: " name
    open = 0
}
{ before = $0 }
function finish() { if (count > 400) print file ":1: a file of " count " lines, 400 at most" }
END { finish() }' {} +)
[ -z "$found" ] || { echo "$found" && exit 1; }
