#!/bin/bash
# exit 0: a file of another program keeps what it has to the bit; every reader sees the verdicts
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || exit 77
/usr/bin/python3 "$ROOT/tests/foreign.py" a.h5 || exit
cp a.h5 before.h5
lnnflow verify a.h5 --store >out
echo $?
lnnflow verify a.h5 --json >json
lnnflow info a.h5 | sed -n 's/^verdicts *\(.*\), by lnnflow.*/\1/p' | cmp - <(lnnflow verify a.h5 | tail -n 1)
/usr/bin/python3 - <<'PYTHON'
import importlib.util
import json
import h5py
import numpy as np

wanted = json.load(open("json"))["findings"]


def check(reader, numbers, texts, text):
    if json.loads(text)["findings"] != wanted:
        print(reader, "reads other JSON")
    for name in ("theorem", "trajectory", "verdict", "reason"):
        if list(np.atleast_1d(texts[name])) != [f[name] for f in wanted]:
            print(reader, name, texts[name])
    for name in ("measured", "bound", "margin", "error_bar"):
        if not np.array_equal(numbers[name], np.array([f[name] for f in wanted], float), equal_nan=True):
            print(reader, name, numbers[name])


def content(path):
    found = {}
    with h5py.File(path) as f:
        f.visititems(lambda name, x: found.update({name: (x.dtype, x[()].tobytes())} if isinstance(x, h5py.Dataset) else {}))
        return found, dict(f.attrs)


before, after = content("before.h5"), content("a.h5")
if {k: v for k, v in after[0].items() if not k.startswith("verdicts/")} != before[0] or after[1] != before[1]:
    print("something else has changed")
with h5py.File("a.h5") as f:
    v = f["verdicts"]
    check("h5py", {k: v[k][:] for k in v if k not in ("json", "volatile")}, v.attrs, bytes(v["json"][:]))
    print(v.attrs["format"], v.attrs["history"], list(v["volatile"].attrs))
for engine in ("netcdf4", "h5netcdf"):
    if not all(map(importlib.util.find_spec, ("xarray", engine.replace("netcdf4", "netCDF4")))):
        continue
    import xarray
    with xarray.open_dataset("a.h5", group="verdicts", engine=engine, **({"phony_dims": "sort"} if engine == "h5netcdf" else {})) as d:
        check(engine, d, d.attrs, bytes(d["json"].values))
        if d["margin"].dims != ("finding",):
            print(engine, d["margin"].dims)

# another program writes: its lock is respected; what it calls verdicts is its own
import subprocess
with h5py.File("a.h5", "a"):
    print(subprocess.run(["lnnflow", "verify", "a.h5", "--store"], stdout=subprocess.DEVNULL).returncode)
with h5py.File("before.h5", "a") as f:
    f["verdicts/mine"] = 1
print(subprocess.run(["lnnflow", "verify", "before.h5", "--store"], stdout=subprocess.DEVNULL).returncode)
with h5py.File("before.h5") as f:
    print(list(f["verdicts"]))
PYTHON
if command -v octave >/dev/null; then
    octave -q --no-gui --no-init-file --eval 'f = load("a.h5"); j = jsondecode(char(f.verdicts.json)); w = jsondecode(fileread("json")); if ! isequaln(j.findings, w.findings) || size(f.W1, 3) != 201 || f.verdicts.margin(1) != w.findings(1).margin, error("octave reads something else"), end' >out 2>err || cat err
fi
command -v ncdump >/dev/null || exit 0
ncdump -v verdicts/margin a.h5 >out
