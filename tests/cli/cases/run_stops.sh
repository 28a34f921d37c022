#!/bin/bash
# exit 5: stopped early; stops that were asked for by a goal are success
lnnflow run "$CASES/small.yaml" -q -o a.h5 --set stop.loss=1 >out
echo $?
lnnflow run "$CASES/small.yaml" -q -o b.h5 --set stop.max_steps=3 >out
code=$?
awk '/^(gradient|end)_/ { print $1, $2 }' out
exit $code
