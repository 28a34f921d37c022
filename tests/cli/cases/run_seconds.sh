#!/bin/bash
# exit 5: stop.max_seconds ends the run, the reason is stored and the file is complete
lnnflow run "$CASES/long.yaml" -q -o a.h5 --set stop.max_seconds=0.5 >out
code=$?
lnnflow info a.h5 | grep -o 'ended: stop_max_seconds' | sort -u
lnnflow info a.h5 | head -n 1 | grep -c ', complete'
exit $code
