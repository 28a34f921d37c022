#!/bin/bash
# exit 3: a trajectory that fails; the others end, the file is complete
lnnflow run "$CASES/small.yaml" -q -o a.h5 --set time.end=50 --set \
    'trajectories=[{system: gradient_flow}, {system: gradient_descent, learning_rate: 2.5}]' \
    --set 'data.matrix=[[10, 0, 0], [0, 10, 0]]' >out
code=$?
awk '/^gradient/ { print $1, $2 }' out
lnnflow info a.h5 | grep -o ', complete'
exit $code
