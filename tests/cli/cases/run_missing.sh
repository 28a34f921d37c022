#!/bin/bash
# exit 4: files that cannot be read or written
lnnflow run none.yaml
echo $?
lnnflow run .
echo $?
lnnflow run "$CASES/small.yaml" -q -o none/a.h5
echo $?
lnnflow run "$CASES/small.yaml" -q -o /dev/full --force
