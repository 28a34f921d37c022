#!/bin/bash
# Does every reader that is installed see the same in a trajectory file?
#
#   tests/readers/run.sh FILE [GROUP]
#
# For each group with a time (or GROUP alone) each reader writes time, loss and W as
# lines "name extents" and then one value a line; all must agree to the last bit. h5ls
# shows extents only. xarray must also have time as a coordinate. NODE_PATH may point to
# a folder with h5wasm.
set -u
export LC_ALL=C
file=$(realpath "${1:?a trajectory file}") only=${2-}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
python=/usr/bin/python3
variables="time loss W"

h5dump_shape() { # variable
    h5dump -H -d "/$group/$1" "$file" | sed -n 's/.*SIMPLE { ( \([0-9, ]*\) ).*/\1/p' |
        head -n 1 | tr -d ,
}

read_h5dump() {
    for v in $variables; do
        echo "$v $(h5dump_shape "$v")"
        h5dump -y -w 1 -m %.17g -d "/$group/$v" -o "$work/values" "$file" >/dev/null ||
            return 1
        tr ',' '\n' <"$work/values" | grep '[0-9na]'
    done
}

read_h5ls() {
    for v in $variables; do
        h5ls "$file/$group/$v" | sed -n "s/^$v  *Dataset {\(.*\)}/$v \1/p" |
            sed 's:/Inf::g; s/,//g'
    done
}

read_ncdump() { # extents stand in the header as names of dimensions
    for v in $variables; do
        ncdump -p 9,17 -v "/$group/$v" "$file" |
            sed -n "/^group: $group {/,/^  } \/\/ group $group/p" >"$work/values"
        names=$(sed -n "s/^[[:space:]]*double $v(\(.*\)) ;/\1/p" "$work/values")
        [ -n "$names" ] || return 1
        echo "$v $(for d in ${names//,/ }; do extent "$d"; done | xargs)"
        sed -n '/^ *data:/,$p' "$work/values" | sed -n "/^ *$v = */,/;/p" |
            sed "s/^ *$v = *//" | tr -s ',; ' '[\n*]' | grep '[0-9N]'
    done
}

extent() { # dimension in $work/values
    sed -n "s/^[[:space:]]*$1 = UNLIMITED ; \/\/ (\([0-9]*\) currently)/\1/p
            s/^[[:space:]]*$1 = \([0-9]*\) ;/\1/p" "$work/values" | head -n 1
}

read_octave() {
    octave -q --no-gui --no-init-file "$here/read_octave.m" "$file" "$group"
}

read_h5wasm() {
    node "$here/read_h5wasm.mjs" "$(find_h5wasm)" "$file" "$group"
}

read_python() { # reader
    $python "$here/read_python.py" "$1" "$file" "$group"
}

find_h5wasm() {
    for folder in ${NODE_PATH:+${NODE_PATH//:/ }} "$PWD/node_modules" \
        "$(npm root -g 2>/dev/null)"; do
        [ -e "$folder/h5wasm/dist/node/hdf5_hl.js" ] || continue
        echo "$folder/h5wasm/dist/node/hdf5_hl.js"
        return
    done
}

# One value a line, whatever digits the reader prints.
normalise() {
    awk '/^[[:alpha:]]+ / { print; next }
         { if (tolower($1) ~ /nan/) print "nan"; else printf "%.17g\n", $1 }'
}

verdict() { # reader, command
    local reader=$1 what="$1, group $group"
    shift
    if ! "$@" >"$work/raw" 2>"$work/errors"; then
        echo "readers: FAILED: $what"
        tail -n 10 "$work/errors"
        failed=$((failed + 1))
        return
    fi
    normalise <"$work/raw" >"$work/seen"
    [ "$reader" = h5ls ] && grep '^[[:alpha:]]* ' "$work/want" >"$work/compare"
    [ "$reader" = h5ls ] || cp "$work/want" "$work/compare"
    if cmp -s "$work/compare" "$work/seen"; then
        passed=$((passed + 1))
    else
        echo "readers: FAILED: $what reads something else than $reference:"
        diff "$work/compare" "$work/seen" | head -n 10
        failed=$((failed + 1))
    fi
}

has_module() { # Python modules
    $python -c "import $1" 2>/dev/null
}

installed() { # reader
    case $1 in
    h5dump | h5ls | ncdump | octave) command -v "$1" >/dev/null ;;
    h5py | netCDF4) has_module "$1" ;;
    xarray-netcdf4) has_module xarray,netCDF4 ;;
    xarray-h5netcdf) has_module xarray,h5netcdf ;;
    h5wasm) command -v node >/dev/null && [ -n "$(find_h5wasm)" ] ;;
    esac
}

check() { # reader
    case $1 in
    h5py | netCDF4 | xarray-*) verdict "$1" read_python "$1" ;;
    *) verdict "$1" "read_$1" ;;
    esac
}

list_groups() {
    if installed h5ls; then
        h5ls "$file" | sed -n 's/^\([^ ]*\)  *Group$/\1/p' | while read -r g; do
            h5ls "$file/$g/time" >/dev/null 2>&1 && echo "$g"
        done
    else
        $python "$here/read_python.py" groups "$file" ""
    fi
}

reference=
for reader in h5py h5dump; do
    [ -z "$reference" ] && installed "$reader" && reference=$reader
done
[ -n "$reference" ] || { echo "readers: neither h5py nor h5dump is installed" && exit 77; }
groups=${only:-$(list_groups)}
[ -n "$groups" ] || { echo "readers: no group with a time in $file" && failed=1; }

for group in $groups; do
    if [ "$reference" = h5py ]; then read_python h5py; else read_h5dump; fi \
        >"$work/raw" 2>"$work/errors"
    normalise <"$work/raw" >"$work/want"
    if [ "$(grep -c '^[[:alpha:]]* [0-9]' "$work/want")" != 3 ]; then
        echo "readers: FAILED: group $group lacks time, loss or W"
        cat "$work/errors"
        failed=$((failed + 1))
        continue
    fi
    for reader in h5dump h5ls ncdump h5py netCDF4 xarray-netcdf4 xarray-h5netcdf octave \
        h5wasm; do
        installed "$reader" && check "$reader"
    done
done
for reader in h5dump h5ls ncdump h5py netCDF4 xarray-netcdf4 xarray-h5netcdf octave h5wasm; do
    installed "$reader" && continue
    echo "skip $reader: not installed"
    skipped=$((skipped + 1))
done
echo "readers: $passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
