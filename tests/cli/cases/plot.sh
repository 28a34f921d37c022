#!/bin/bash
# exit 0: lines in ASCII and Braille, logarithmic where it fits, over another variable
lnnflow run "$CASES/small.yaml" -q -o a.h5 >out || exit
export LINES=16
lnnflow plot a.h5 loss
COLUMNS=60 lnnflow plot a.h5 loss --log -g end_to_end
LC_ALL=C.UTF-8 lnnflow plot a.h5 singular_values
LC_ALL=C.UTF-8 lnnflow plot a.h5 'W[0,1]' 'W[1,0]' -x 'W[0,0]' -g gradient_flow
LC_ALL=C.UTF-8 lnnflow plot a.h5 'W[0,1]' --ascii | LC_ALL=C grep -c '[^ -~]'
lnnflow plot a.h5 W | tail -n 5
