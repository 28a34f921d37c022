#!/bin/bash
# exit 2: all errors of a problem at once, each with its place
cat >bad.yaml <<'YAML'
network: {widths: [3, 2]}
loss: {kind: sqare}
data: {kind: target, matrix: [[1, 2, 3], [4, 5, 6]]}
time: {end: -1, samples: 10, spacin: log}
YAML
lnnflow run bad.yaml --set global_error=maybe --set lss.kind=lp
