#!/bin/bash
# exit 2: misspelt names, entries that are not there, what does not go together
lnnflow run "$CASES/small.yaml" -q -o a.h5 --set output.weights_every=5 >out || exit
for arguments in 'los' 'loss -g flow' 'loss -x iteratoin' 'W[2,0]' 'W[0' 'W[0,a]' 'W[0,1,1]' \
    'loss[1]' 'singular_values[7]' 'loss -x W' 'W1[0,0] -x loss' 'loss --log --linear' \
    'loss -o a.h5 -f' ''; do
    # shellcheck disable=SC2086 # several words
    lnnflow plot a.h5 $arguments || [ $? = 2 ] || exit 1
done
touch b.svg
lnnflow plot a.h5 loss -o b.svg
lnnflow sweep "$CASES/sweep.yaml" -q -o s.h5 >out
lnnflow plot s.h5 loss
lnnflow plot none.h5 loss
[ $? = 4 ] && lnnflow plot a.h5 'W1[0,0]' | tail -n 2
exit 2
