#!/bin/bash
# exit 0: chosen variables; those stored more rarely have a time of their own
lnnflow run "$CASES/small.yaml" -q -o a.h5 --set output.weights_every=5 >out || exit
lnnflow export a.h5 -g gradient_flow loss W | head -n 1
lnnflow export a.h5 -g gradient_flow W2 | cut -d, -f1,2 | sed "s|,-.*|,...|"
lnnflow export a.h5 -g end_to_end | head -n 1
lnnflow export a.h5 -g end_to_end | wc -l
