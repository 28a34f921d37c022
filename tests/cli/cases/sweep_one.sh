#!/bin/bash
# exit 0: with one point, run writes the best runs' trajectories beside the grid
lnnflow run "$CASES/sweep.yaml" --set 'sweep=[{key: data.matrix, values: [[[2]]]}]' -q -o a.h5 |
    sed 's/ in [^ ]* s$//; s/, [^ ]* kB//'
lnnflow info a.h5 | grep '^/'
lnnflow export a.h5 -g gradient_descent iteration loss
lnnflow sweep "$CASES/sweep.yaml" --dry-run | head -3
