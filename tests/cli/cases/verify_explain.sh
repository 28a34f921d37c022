#!/bin/bash
# exit 0: --explain has all there is to every verdict, in 80 columns
lnnflow run "$CASES/small.yaml" -q -o a.h5 >out || exit
lnnflow verify a.h5 --explain >text || exit
n=$(lnnflow verify a.h5 | grep -c '^[a-z_]*  *\(gradient_flow\|end_to_end\) ')
[ "$n" -gt 2 ] || echo "only $n verdicts"
for word in statement source needs claims conclusion reason; do
    [ "$(grep -c "^  $word " text)" = "$n" ] || echo "$word: not $n times"
done
for word in hypotheses measured formula; do
    grep -q "^  $word " text || echo "no $word"
done
awk 'length > 80 && !/measured/' text
