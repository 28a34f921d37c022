#!/bin/bash
# exit 2: what is misspelt gets a suggestion; a file without layers says what is meant
lnnflow run "$CASES/small.yaml" -q -o a.h5 >out || exit
lnnflow verify a.h5 -t balancedness_preservd
echo $?
lnnflow verify a.h5 gradient_flwo
echo $?
lnnflow verify a.h5 --stict
echo $?
lnnflow verify
