#!/bin/bash
# exit 0: with one point, run writes the best runs' trajectories beside the grid
lnnflow run "$CASES/sweep.yaml" --set 'sweep=[{key: data.matrix, values: [[[2]]]}]' -q -o a.h5 |
    sed 's/ in [^ ]* s$//; s/, [^ ]* kB//'
lnnflow info a.h5 | grep '^/'
lnnflow export a.h5 -g gradient_descent iteration loss
lnnflow sweep "$CASES/sweep.yaml" --dry-run | head -3
# Adam on three layers, and a descent that may end in inf - inf: no -nan in a table
lnnflow sweep "$CASES/sweep.yaml" -q -o b.h5 --set 'network.widths=[2, 3, 3, 2]' \
    --set 'data={kind: teacher}' --set 'init={kind: gaussian}' --set 'search.by=loss' \
    --set 'trajectories=[{system: gradient_descent}, {system: adam}]' \
    --set 'sweep=[{key: init.seed, values: [1, 2]}]' >out || exit
lnnflow export b.h5 | cut -d, -f1-4,8 | grep ',10,'
lnnflow export b.h5 | grep -e -nan
true
