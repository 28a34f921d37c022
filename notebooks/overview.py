#!/usr/bin/python3
"""Draw a trajectory file: loss, singular values, what is conserved, agreement.

    build/lnnflow run odes/diabetes.yaml -o output/diabetes.h5
    /usr/bin/python3 notebooks/overview.py output/diabetes.h5 notebooks/diabetes.png
"""
import sys

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np


def read(group):
    """The group's variables, cut to the rows that exist (those with a finite time)."""
    rows = np.isfinite(group["time"][:])
    return {name: data[rows] for name, data in group.items() if len(data) == len(rows)}


def positive(values):
    """For log scales: zero becomes the smallest thing that can be drawn."""
    return np.maximum(np.abs(values), 1e-17)


def draw(path, picture):
    with h5py.File(path) as file:
        title = file.attrs["title"]
        known = file.attrs["loss_infimum_is"] == "the value"
        floor = file.attrs["loss_infimum"] if known else 0.0
        tracks = {name: read(g) for name, g in file.items() if "time" in g}
    figure, axes = plt.subplots(2, 2, figsize=(10, 7), layout="constrained")
    (loss, modes), (kept, gap) = axes
    styles = ["-", "--", "-.", ":"]
    for i, (name, v) in enumerate(tracks.items()):
        style, t = styles[i % 4], v["time"]
        loss.semilogy(t, positive(v["loss"] - floor), style, label=name)
        modes.plot(t, v["singular_values"][:, 0], style, label=f"{name}, largest")
        if "balancedness_drift" in v:
            kept.semilogy(t, positive(v["balancedness_drift"]).max(1), style,
                          label=f"balancedness, {name}")
        if "energy_balance" in v:
            kept.semilogy(t, positive(v["energy_balance"]), style, label=f"energy, {name}")
        if "W_error" in v:
            gap.semilogy(t, positive(v["W_error"]), style, label=f"error bar, {name}")
        if "product_distance" in v:
            gap.semilogy(t, positive(v["product_distance"]), "k", lw=1,
                         label=f"{name} to end_to_end")
    loss.set_ylabel("loss above its infimum" if known else "loss")
    modes.set_ylabel("singular values of W")
    kept.set_ylabel("drift of what the flow conserves")
    gap.set_ylabel("distance of end-to-end matrices")
    steps = np.diff(t)
    for axis in axes.flat:
        if len(steps) > 2 and steps[-1] > 10 * steps[1]:  # sampled on a log grid
            axis.set_xscale("log")
        axis.set_xlabel("flow time t")
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    figure.suptitle(title)
    figure.savefig(picture, dpi=100)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    draw(sys.argv[1], sys.argv[2])
