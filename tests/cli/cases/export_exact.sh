#!/bin/bash
# exit 0: the csv holds the very bits
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || exit 77
lnnflow run "$CASES/small.yaml" -q -o a.h5 >out || exit
lnnflow export a.h5 -g gradient_flow -o a.csv W steps singular_values
/usr/bin/python3 - <<'PYTHON'
import csv
import h5py
import numpy as np
g = h5py.File("a.h5")["gradient_flow"]
rows = list(csv.reader(open("a.csv")))
print(rows[0])
n = len(g["time"])
want = [g[v][:].reshape(n, -1) for v in ("time", "W", "steps", "singular_values")]
print(np.array_equal(np.array(rows[1:], dtype=float), np.hstack(want)))
PYTHON
