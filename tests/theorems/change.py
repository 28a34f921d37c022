"""Changes to a trajectory file, made in place: what a negative control is made of.

perturb EPS     one weight, W1[row, 0, 0] of the middle row, moved by EPS, and W of that row
                recomputed as the layers' product; without layers W[row, 0, 0]
nan             NaN in the middle row of W1 and of W
cut N           only the first N rows are left
relabel SYSTEM  the group says it is of that system, and no learning rate
float32         every number of the group is stored as float32
time32          its times alone
"""
import h5py
import numpy as np


def layers(group):
    """W1, W2, ... of the group, without N the empty list."""
    found = []
    while f"W{len(found) + 1}" in group:
        found.append(group[f"W{len(found) + 1}"])
    return found


def rows(group):
    """Rows that exist: those with a finite time."""
    return int(np.isfinite(group["time"][:]).sum())


def perturb(group, eps):
    weights, row = layers(group), rows(group) // 2
    if not weights:
        group["W"][row, 0, 0] += float(eps)
        return
    stored = row
    if len(weights[0]) != len(group["time"]):  # more rarely, along a time of their own
        times = group["weights_time"][:]
        stored = int(np.isfinite(times).sum()) // 2
        row = int(np.nanargmin(abs(group["time"][:] - times[stored])))
    weights[0][stored, 0, 0] += float(eps)
    product = weights[0][stored]
    for upper in weights[1:]:
        product = upper[stored] @ product
    if "W" in group:
        group["W"][row] = product


def nan(group):
    row = rows(group) // 2
    for name in ("W1", "W"):
        if name in group:
            group[name][row, 0, 0] = np.nan


def cut(group, n):
    """Rows do not exist where the time is not finite."""
    group["time"][int(n):] = np.nan


def relabel(group, system):
    group.attrs["system"] = system
    if "learning_rate" in group.attrs:
        del group.attrs["learning_rate"]
    if "iteration" in group:
        del group["iteration"]


def float32(group, only=None):
    """Without scales, as another program might write it."""
    arrays = {name: data[()] for name, data in group.items()}
    for name in arrays:
        del group[name]
    with np.errstate(over="ignore"):
        for name, values in arrays.items():
            single = values.dtype == float and name in (only or arrays)
            group[name] = values.astype(np.float32) if single else values


def time32(group):
    float32(group, ("time", "weights_time"))


def change(path, trajectory, words):
    """words: the name of a change and its arguments, as in an expectation."""
    known = {f.__name__: f for f in (perturb, nan, cut, relabel, float32, time32)}
    with h5py.File(path, "r+") as f:
        known[words[0]](f[trajectory], *words[1:])
