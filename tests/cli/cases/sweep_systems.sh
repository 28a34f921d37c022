#!/bin/bash
# exit 2: a search takes optimisers and networks with activations, and refuses what needs a product
cat >p.yaml <<'X'
network: {widths: [2, 3, 1], activation: tanh}
data: {kind: target, matrix: [[0.6, 0.8]]}
init: {kind: gaussian, scale: 0.5, seed: 3}
search: {from: 0.01, to: 1, per_decade: 1, by: iterations}
stop: {loss: 1.0e-3, max_steps: 3000}
trajectories:
  - {system: gradient_descent}
  - {system: momentum}
  - {system: adam}
X
lnnflow sweep p.yaml -q -o a.h5 | sed -n 3,7p
lnnflow sweep p.yaml -q -o b.h5 --set trajectories='[{system: end_to_end_descent}]'
