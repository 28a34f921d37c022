#!/bin/bash
# exit 0: files that other programs wrote
/usr/bin/python3 -c 'import h5py' 2>/dev/null || exit 77
/usr/bin/python3 - <<'PYTHON'
import h5py
import numpy as np
f = h5py.File("foreign.h5", "w")
g = f.create_group("a run")
g["time"] = np.linspace(0, 1, 3)
g["loss"] = [3.0, 2.0, 0.1]
g["loss"].attrs["long_name"] = "the loss"
g["W"] = np.arange(12.0).reshape(3, 2, 2)
g["matrix"] = np.eye(2)
g["number"] = 3.0
g["count"] = np.arange(3)
f["time"] = np.arange(4)
f["x"] = np.arange(4) ** 2
f.close()
f = h5py.File("nothing.h5", "w")
f["x"] = 1
PYTHON
lnnflow info foreign.h5 | sed '1s/,.*//'
lnnflow info nothing.h5 | sed '1s/,.*//'
lnnflow export foreign.h5 -g 'a run'
lnnflow export foreign.h5 -g 'a run' W count
lnnflow export foreign.h5 -g /
for words in '-g / matrix' '' ; do
    # shellcheck disable=SC2086 # several words
    lnnflow export foreign.h5 $words
    echo $?
done
lnnflow export foreign.h5 -g 'a run' loss matrix
echo $?
lnnflow export foreign.h5 -g 'a run' loss number
echo $?
lnnflow export nothing.h5
echo $?
lnnflow info foreign.h5 --problem
echo $?
exit 0
