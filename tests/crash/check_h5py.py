"""Reads every file below the given folder with h5py; exits 1 if one does not open."""
import pathlib
import sys

import h5py
import numpy as np

bad = n = 0
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.h5")):
    try:
        with h5py.File(path, "r") as file:
            dict(file.attrs)
            for name in ("gradient_flow", "end_to_end"):
                group = file[name]
                dict(group.attrs)
                exists = np.isfinite(group["time"][:])
                rows = exists.sum()
                assert exists[:rows].all()
                for key, data in group.items():
                    dict(data.attrs)
                    if data.shape[0] == len(exists) and key != "W1":
                        assert np.isfinite(data[:rows]).all(), key
        n += 1
    except Exception as error:
        bad += 1
        print(f"{path}: {error}", file=sys.stderr)
print(f"h5py: {n} files read, {bad} failed")
sys.exit(bad > 0)
