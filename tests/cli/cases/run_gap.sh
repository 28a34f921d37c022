#!/bin/bash
# exit 0: iterations are set apart from the flow, their gap is no disagreement
lnnflow run "$CASES/small.yaml" -q --set \
    'trajectories=[{system: end_to_end}, {system: gradient_descent, learning_rate: 0.1}]' >out
grep -cE '^(agree|disagree)' out
grep -A 1 '^gap' out | sed 's/gap [0-9.]* at/gap G at/'
