#!/bin/bash
# exit 4: what is no trajectory file
lnnflow info none.h5
echo $?
cp "$CASES/small.yaml" a.yaml
lnnflow info a.yaml
code=$?
lnnflow run "$CASES/small.yaml" -q -o a.h5 >out
lnnflow info a.h5 end_to_ent
echo $?
exit $code
