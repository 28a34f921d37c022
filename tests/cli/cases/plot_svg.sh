#!/bin/bash
# exit 0: an SVG with a line for every trajectory; to a file, or to stdout
lnnflow run "$CASES/small.yaml" -q -o a.h5 >out || exit
lnnflow plot a.h5 loss -o b.svg && lnnflow plot a.h5 loss -o - | cmp - b.svg
lnnflow plot a.h5 loss -o b.svg --force && head -c 4 b.svg && echo
for name in gradient_flow end_to_end 'loss l(W)' 'flow time'; do
    grep -c "$name" b.svg >/dev/null || echo "no $name"
done
lnnflow plot a.h5 loss -o /dev/full
[ $? = 4 ]
