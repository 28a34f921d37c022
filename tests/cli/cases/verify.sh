#!/bin/bash
# exit 0: a balanced flow meets its theorems; the table, a group, one theorem
lnnflow run "$CASES/small.yaml" -q -o a.h5 >out || exit
lnnflow verify a.h5 >all || exit
sed -n 1p all | tr -s " "
awk '$1 ~ /^(balancedness_preserved|end_to_end_dynamics)$/ { print $1, $2, $3 }' all
lnnflow verify a.h5 gradient_flow | awk 'NR > 1 && NF == 7 && $2 != "gradient_flow"'
lnnflow verify a.h5 /gradient_flow | cmp - <(lnnflow verify a.h5 gradient_flow)
lnnflow verify a.h5 -t balancedness_preserved | awk '{ print $1 }'
lnnflow verify a.h5 end_to_end -t balancedness_preserved
