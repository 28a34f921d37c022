#!/bin/bash
# exit 143: SIGTERM closes the file, which is complete up to then
lnnflow run "$CASES/long.yaml" -q -o a.h5 >out &
for _ in {1..300}; do
    [ -e a.h5 ] && break
    sleep 0.1
done
kill -TERM $!
wait $!
code=$?
awk '/^gradient_descent/ { print $2 }' out
lnnflow info a.h5 | grep -oE ', complete|ended: [a-z_]*'
exit $code
