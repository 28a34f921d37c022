#!/bin/bash
# exit 2: misspelt names, several groups, rows that do not fit, a file that is there
lnnflow run "$CASES/small.yaml" -q -o a.h5 --set output.weights_every=5 >out || exit
lnnflow export a.h5
lnnflow export a.h5 -g gradient_flwo
lnnflow export a.h5 -g end_to_end los
lnnflow export a.h5 -g gradient_flow loss W1
touch b.csv
lnnflow export a.h5 -g end_to_end -o b.csv
code=$?
lnnflow export a.h5 -g end_to_end -o b.csv --force && wc -l <b.csv
exit $code
