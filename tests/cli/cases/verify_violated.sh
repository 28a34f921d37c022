#!/bin/bash
# exit 1: descent does not keep what flow does
cat >a.yaml <<'YAML'
network: {widths: [2, 3, 2]}
data: {kind: target, matrix: [[1, 0.5], [0, -1]]}
init: {kind: gaussian, scale: 0.5, seed: 1}
trajectories: [{system: gradient_descent, learning_rate: 0.1}]
time: {end: 1, samples: 11}
YAML
lnnflow run a.yaml -q -o a.h5 >out || exit
lnnflow verify a.h5 --strict -t balancedness_preserved | awk 'NR == 2 { print $1, $2, $3 }'
exit "${PIPESTATUS[0]}"
