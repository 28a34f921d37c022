#!/bin/bash
# exit 6: under --strict what is not met or inconclusive is no success
sed 's/samples: [0-9]*/samples: 2/' "$CASES/small.yaml" >a.yaml
lnnflow run a.yaml --set 'init={kind: gaussian, scale: 0.5}' --set 'trajectories=[{system: gradient_flow}]' \
    -q -o a.h5 >out || exit
lnnflow verify a.h5 -t end_to_end_dynamics >table
echo $?
lnnflow verify a.h5 -t end_to_end_dynamics --strict | awk 'NR == 2 { print $1, $2, $3, $4 }'
lnnflow verify a.h5 -t descent_drift_identity
echo $?
lnnflow verify a.h5 -t descent_drift_identity --strict
