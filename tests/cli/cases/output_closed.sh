#!/bin/bash
# exit 4: nor is a closed pipe (silent) or stream; the data file is not printed into
{ sleep 0.5; lnnflow help man; echo $? >code; } | true
cat code
lnnflow run "$CASES/small.yaml" -q -o a.h5 >&- 2>&- <&-
echo $?
lnnflow info a.h5 | grep -o ', complete'
lnnflow list >&-
