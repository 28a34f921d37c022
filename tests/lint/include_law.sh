#!/bin/bash
# Who may include whom: only what stands at or above one's own header in lnnflow.h.
# Ranks: include/lnn/x.h, src/x.c, src/x_*.c and src/x_*.h have the rank of x; the members
# of a family (src/xs/, src/xes/, odes/) the rank of their header x. src/cli and tests come
# last. Members (x.c with its x_*.c) never include each other. A list (.def) is but words:
# anybody may read it.
set -u
cd "$(dirname "$0")/../.." || exit 2
files=$(find include src odes tests -name '*.[ch]' -not -path 'include/lnnflow.h' | sort)
# shellcheck disable=SC2086 # one word a file
found=$(awk -f tests/lint/code.awk $files | grep -E ':[[:space:]]*#[[:space:]]*include[[:space:]]*"' |
    awk -F: '
BEGIN {
    while ((getline line < "include/lnnflow.h") > 0)
        if (match(line, /"lnn\/[^"]*\.h"/))
            rank[substr(line, RSTART + 5, RLENGTH - 8)] = ++n
    last = n + 1
}
function stage(file,   x, parts) { # "" where there is none
    x = file
    if (sub(/^include\/lnn\//, "", x)) { sub(/\..*/, "", x); return x }
    if (file ~ /^src\/cli\// || file ~ /^tests\//) return ""
    split(file, parts, "/")
    x = parts[1] == "src" ? parts[2] : parts[1]
    if (sub(/\..*/, "", x)) {
        while (!(x in rank) && sub(/_[^_]*$/, "", x)) {}
        return x
    }
    if (x ~ /es$/ && substr(x, 1, length(x) - 2) in rank) return substr(x, 1, length(x) - 2)
    sub(/s$/, "", x)
    return x
}
function base(file) { sub(/.*\//, "", file); sub(/\.[^.]*$/, "", file); return file }
function member(header) { sub(/h$/, "c", header); return header }
function exists(file,   line, got) {
    got = (getline line < file) >= 0
    close(file)
    return got
}
function locate(file, name,   own) { # the private header or list meant
    own = file
    sub(/[^\/]*$/, "", own)
    if (exists(own name)) return own name
    if (exists("src/" name)) return "src/" name
    return name
}
{
    file = $1
    name = $3
    sub(/^[^"]*"/, "", name); sub(/".*/, "", name)
    what = ""
    s = stage(file)
    mine = s == "" ? last : rank[s]
    if (mine == "") { what = "there is no lnn/" s ".h in lnnflow.h that this could belong to"; mine = last }
    if (name ~ /\.c$/) what = "includes a source"
    else if (name == "lnnflow.h") { if (mine < last) what = "the library includes single headers" }
    else if (name ~ /^lnn\//) {
        target = stage("include/" name)
        if (!(target in rank)) what = "lnn/" target ".h is not in lnnflow.h"
        else if (rank[target] > mine) what = name " stands below " s ".h"
    } else if (file !~ /^tests\//) {
        path = locate(file, name)
        target = stage(path)
        if (s == "" && path !~ /^src\/cli\//) what = name " is private to the library"
        else if (s != "" && path !~ /\.def$/ && !(rank[target] && rank[target] <= mine))
            what = name " stands below " s ".h"
        if (s != "" && path ~ /^(src\/[^\/]*|odes)\/[^\/]*\.h$/ && exists(member(path)) &&
            index(base(file) "_", base(path) "_") != 1 && index(base(path) "_", base(file) "_") != 1)
            what = "members of a family do not include each other"
    }
    if (what != "") print file ":" $2 ": " what
}')
[ -z "$found" ] || { echo "$found" && exit 1; }
