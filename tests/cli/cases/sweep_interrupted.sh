#!/bin/bash
# exit 130: SIGINT keeps the runs that were finished
cat >a.yaml <<'YAML'
network: {widths: [2, 1]}
data: {kind: target, matrix: [[1, 1]]}
init: {kind: zero}
trajectories: [{system: gradient_descent}]
search: {from: 1.0e-9, to: 1, per_decade: 1}
stop: {loss: 1.0e-8, max_steps: 1000000000000}
sweep: [{key: init.noise, values: [0]}, {key: search.from, values: [1, 1.0e-9]}]
YAML
sed -i 's/to: 1,/to: 1.5,/' a.yaml
env --default-signal=INT lnnflow sweep a.yaml --threads 1 -o a.h5 >out 2>err &
for _ in {1..300}; do
    grep -qs '^1 of' err && break
    sleep 0.1
done
kill -INT $!
wait $!
code=$?
sed 's/ in [^ ]* s$//' out | grep -v wrote
lnnflow info a.h5 | grep -o ', complete'
lnnflow export a.h5 -g search | cut -d, -f1,4- | grep -v ',not_run,'
exit $code
