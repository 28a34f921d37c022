#!/bin/bash
# exit 0: the grid of a sweep as a table, in info, as CSV; h5py and xarray read it
lnnflow sweep "$CASES/sweep.yaml" -q --threads 2 -o a.h5 | sed 's/ in [^ ]* s$//; s/, [^ ]* kB//'
lnnflow info a.h5 | sed -n '/^\/search/,$p'
lnnflow export a.h5
lnnflow export a.h5 -g search loss
python=/usr/bin/python3
$python -c 'import h5py' 2>/dev/null &&
    $python -c 'import h5py
g = h5py.File("a.h5")["search"]
assert g["best_iterations"][:].tolist() == [[1, -1], [1, -1]], g["best_iterations"][:]
assert g["ended"].dims[2][0].name == "/search/rate"'
$python -c 'import xarray' 2>/dev/null &&
    $python -c 'import xarray
d = xarray.open_dataset("a.h5", group="search")
assert dict(d.sizes) == {"point": 2, "trajectory": 2, "rate": 3}, d.sizes
assert float(d.best_learning_rate[0, 0]) == 1'
true
