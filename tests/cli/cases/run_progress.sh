#!/bin/bash
# exit 143: a line every few seconds where stderr is no terminal; a closed stderr is left alone
lnnflow run "$CASES/long.yaml" -o b.h5 >out_b 2>&- &
b=$!
lnnflow run "$CASES/long.yaml" -o a.h5 >out_a 2>err &
a=$!
for _ in {1..300}; do
    [ -s err ] && break
    sleep 0.1
done
sleep 1
lnnflow info b.h5 | grep -o "not complete"
kill -TERM $a $b
wait $b
wait $a
code=$?
number='[0-9.e+-]+'
grep -cE "^gradient_descent  t $number \(0%\)  h 1e-08  loss $number  drift $number  $number steps/s$" err
grep -c . err
lnnflow info b.h5 | grep -o ', complete'
exit $code
