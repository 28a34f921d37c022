#!/bin/bash
# exit 1: float32 files: what rounding does is no violation, what descent does to a flow's laws is
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || exit 77
/usr/bin/python3 "$ROOT/tests/foreign.py" descent.h5 --float32 || exit
/usr/bin/python3 "$ROOT/tests/foreign.py" flow.h5 --flow --float32 || exit
lnnflow verify descent.h5 -t descent_drift_identity | awk 'NR == 2 { print $1, $2, $3, ($4 > 1e-8) }'
lnnflow verify flow.h5 -t balancedness_preserved | awk 'NR == 2 { print $1, $2, $3 }'
# a run of ours, halved in precision by another program
lnnflow run "$CASES/small.yaml" -q -o a.h5 >out || exit
/usr/bin/python3 - <<'PYTHON'
import h5py
import numpy as np
with h5py.File("a.h5") as a, h5py.File("b.h5", "w") as b:
    b.attrs.update(a.attrs)
    for name in ("gradient_flow", "end_to_end", "data"):
        b.create_group(name).attrs.update(a[name].attrs)
        for key, x in a[name].items():
            b[name][key] = x[()].astype(np.float32 if x.dtype == float and name != "data" else x.dtype)
PYTHON
# what held may be inconclusive now, and nothing else
verdicts() {
    lnnflow verify "$1" | awk '/^[a-z]/ && $1 != "theorem" { print $1, $2, $3 }' | sort
}
verdicts a.h5 | sed -n 's/ holds$//p' >held
verdicts b.h5 | grep -Fwf held | grep -v ' holds$\| inconclusive$'
verdicts b.h5 | grep '^\(balancedness_preserved\|energy_identity\|rank_preserved\) '
lnnflow verify flow.h5 >out
