#!/bin/bash
# exit 0: the summary (without what depends on the machine)
lnnflow run "$CASES/small.yaml" >out || exit
sed -e ':more' -e '/wrote/!{ N; b more' -e '}' out | sed -Ez 's/\n {10}/ /g
    s/[0-9.]+ kB, in [0-9.e-]+ s/SIZE, in SECONDS/; s/-?[0-9.]+e-[0-9]+/TINY/g
    s/at t = [0-9.]+, ([0-9.]+|TINY) times/at t = T, FACTOR times/
    s/  +/  /g; s/ [0-9]{2,4}  [0-9]{3,5} / STEPS RHS /g'
ls
