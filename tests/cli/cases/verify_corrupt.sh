#!/bin/bash
# exit 4: a file that is no HDF5, or is cut off
lnnflow run "$CASES/small.yaml" -q -o a.h5 >out || exit
echo text >b.h5
lnnflow verify b.h5 2>err
echo $?
grep -c 'cannot read b.h5' err
lnnflow verify missing.h5
echo $?
head -c 9000 a.h5 >c.h5
lnnflow verify c.h5 2>err
