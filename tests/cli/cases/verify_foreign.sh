#!/bin/bash
# exit 1: a file of another program: descent keeps its own identity, and is no flow
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || exit 77
/usr/bin/python3 "$ROOT/tests/foreign.py" descent.h5 || exit
/usr/bin/python3 "$ROOT/tests/foreign.py" flow.h5 --flow || exit
lnnflow verify descent.h5 -t descent_drift_identity | awk 'NR == 2 { print $1, $2, $3 }'
lnnflow verify flow.h5 -t balancedness_preserved | awk 'NR == 2 { print $1, $2, $3 }'
lnnflow verify flow.h5 --json | python3 -m json.tool >/dev/null || exit
lnnflow verify flow.h5 >out
