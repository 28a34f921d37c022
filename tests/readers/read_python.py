"""Prints time, loss and W of a group: read_python.py READER FILE GROUP."""
import sys

import numpy as np


def h5py_read(file, group):
    import h5py

    with h5py.File(file, "r") as data:
        for name in data[group]:
            dict(data[group][name].attrs)
        return {v: data[group][v][...] for v in VARIABLES}


def netcdf4_read(file, group):
    import netCDF4

    with netCDF4.Dataset(file) as data:
        found = data[group]
        for variable in found.variables.values():
            variable.__dict__
        return {v: np.ma.getdata(found[v][...]) for v in VARIABLES}


def xarray_read(file, group, engine):
    import xarray

    with xarray.open_dataset(file, group=group, engine=engine) as data:
        assert "time" in data.coords, "time is no coordinate"
        for v in ("loss", "W"):
            assert data[v].dims[0] == "time", f"{v} runs along {data[v].dims}"
            assert data[v].dtype == np.float64, f"{v} is {data[v].dtype}"
        return {v: data[v].values for v in VARIABLES}


def groups(file):
    import h5py

    with h5py.File(file, "r") as data:
        for name, group in data.items():
            if "time" in group:
                print(name)


VARIABLES = ("time", "loss", "W")
reader, file, group = sys.argv[1:]
if reader == "groups":
    groups(file)
    sys.exit()
if reader == "h5py":
    found = h5py_read(file, group)
elif reader == "netCDF4":
    found = netcdf4_read(file, group)
else:
    found = xarray_read(file, group, reader.removeprefix("xarray-"))
for name, values in found.items():
    print(name, *values.shape)
    for value in values.ravel():
        print(repr(float(value)))
