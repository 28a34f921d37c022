#!/bin/bash
# exit 0: the ways to read a file that `help file` names do work
command -v h5dump >/dev/null || exit 77
lnnflow run "$CASES/small.yaml" -q -o FILE.h5 >out || exit
lnnflow verify FILE.h5 --store >out || exit
lnnflow sweep "$CASES/sweep.yaml" -q -o SWEEP.h5 >out || exit
lnnflow help file >text
for way in export h5dump 'h5ls -r' 'info --verdicts'; do
    grep -o "\(lnnflow \)\?${way}[^;]*FILE.h5[^;]*" text | bash >out || echo "$way: $?"
    [ -s out ] || echo "$way: nothing"
done
/usr/bin/python3 -c 'import h5py' 2>/dev/null || exit 0
{
    echo 'import h5py, json'
    sed -n 's/^ *h5py: *\(.*\)/print(\1.shape)/p; s/^ *json\.loads.*/print(*&)/p' text
} | /usr/bin/python3 | sed 's/^([0-9]*,)$/(findings,)/'
