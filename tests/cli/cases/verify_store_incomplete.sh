#!/bin/bash
# exit 4: a run that was cut off keeps its file as it is
sed 's/end: 3, samples: 11/end: 1e9, samples: 1000000/' "$CASES/small.yaml" >a.yaml
lnnflow run a.yaml -q -o a.h5 --set 'output.observables=[loss, W]' --set output.weights_every=0 >out 2>&1 &
for _ in $(seq 300); do
    [ -e a.h5 ] && [ "$(lnnflow info a.h5 end_to_end | sed -n 's/^[^:]*: \([0-9]*\) rows.*/\1/p')" -gt 5 ] 2>err && break
    sleep 0.1
done
kill -9 $! && wait $! 2>err
lnnflow verify a.h5 --store -s >out
