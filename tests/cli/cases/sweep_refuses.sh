#!/bin/bash
# exit 2: what a search or sweep cannot be, each with its place
cat >good.yaml <<'YAML'
network: {widths: [1, 1]}
data: {kind: target, matrix: [[1]]}
trajectories: [{system: gradient_descent}]
search: {from: 0.1, to: 1}
stop: {loss: 1.0e-8, max_steps: 10}
YAML
try() { # sed's script
    sed "$1" good.yaml >p.yaml
    lnnflow sweep p.yaml -o p.h5 && echo "not refused: $1"
}
axes() {
    try "\$asweep: $1"
}
try 's/to: 1/to: 0.1/'
try 's/, to: 1//'
try 's/to: 1/to: 1, per_decade: 0/'
try 's/to: 1/to: 1, by: iteration/'
try 's/to: 1/to: 1e300, per_decade: 100/'
try 's/loss: 1.0e-8, //'
try 's/, max_steps: 10//'
try 's/_descent/_flow/'
try 's/_descent/_descent, learning_rate: 0.1/'
try 's/_descent/_descent}, {system: gradient_flow/'
try '/^search/d'
axes '[{key: init.scael, values: [1]}]'
axes '[{key: init.scale, values: [1, -1]}]'
axes '[{key: init.kind, values: [zero, gausian]}]'
axes '[{key: init.scale, values: [1]}, {key: init.scale, values: [2]}]'
axes '[{key: init.scale, values: []}]'
axes '[{key: init.scale}]'
axes '{key: init.scale, values: [1]}'
axes '[{key: sweep, values: [1]}]'
axes '[{key: init.scale, values: [1]}, {key: data.matrix, values: [[[1]], [[1, 2]]]}]'
lnnflow sweep good.yaml --threads 0
lnnflow sweep good.yaml --set init.scale=1 --set 'sweep=[{key: init.scale, values: [1]}]'
cp "$CASES/small.yaml" small.yaml
lnnflow sweep small.yaml
