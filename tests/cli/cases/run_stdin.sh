#!/bin/bash
# exit 0: a problem from stdin
lnnflow run - -q -o a.h5 <"$CASES/small.yaml" >out && ls
lnnflow run - -q <"$CASES/small.yaml"
echo "$?"
sed s/widths/width/ "$CASES/small.yaml" | lnnflow run - -q -o b.h5
echo "$?"
