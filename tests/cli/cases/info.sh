#!/bin/bash
# exit 0: what is in a file of ours
cp "$CASES/small.yaml" a.yaml
lnnflow run a.yaml -q --set output.weights_every=4 \
    --set 'output.observables=[loss, W, singular_values]' >out || exit
lnnflow info a.h5 | sed -E '1s/, [^,]*, of [^,]*,/, SIZE, of DATE,/; /^written by/d'
lnnflow info a.h5 end_to_end
