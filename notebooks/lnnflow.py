"""lnnflow's trajectory files as xarray, and the standard pictures of them. Reading only.

    import lnnflow
    f = lnnflow.open("output/diabetes.h5")
    f.trajectories                      # ["gradient_flow", "end_to_end"]
    f["gradient_flow"].W                # an xarray.Dataset per trajectory, read when it is used
    f.verdicts()                        # what `lnnflow verify --store` found, a pandas table
    lnnflow.loss(f)                     # a matplotlib axis: loss, balancedness, ...

A row exists if its time is finite: what a writer that is still going, or was killed, has not
filled is left out. Discrete methods have their iteration as a second coordinate of time. Files of
other programs open too (`lnnflow help file`): their time is then iteration * learning_rate, or
the iteration itself.

Needs python3-xarray, python3-h5netcdf and, for the pictures, python3-matplotlib.
"""
import json
import os
from collections import namedtuple
from collections.abc import Mapping

import h5py
import numpy as np
import pandas as pd
import xarray as xr

NOT_A_TRAJECTORY = ("data", "search", "verdicts", "volatile")
DATA = ("X", "Y", "Lambda_xx", "Lambda_yx", "Lambda_yy", "Phi", "target", "mask")
FINDING = ["theorem", "trajectory", "verdict", "measured", "bound", "margin", "error_bar", "reason"]


class File(Mapping):
    """A trajectory file: f[name] is a trajectory's Dataset, f.data the Dataset of what the loss
    is made of, f.attrs the root's attributes. Closed by close(), or at the end of a with."""

    def __init__(self, path):
        self.path = os.fspath(path)
        self._open = {}
        with h5py.File(self.path, "r") as file:
            self.attrs = {name: _plain(value) for name, value in file.attrs.items()}
            self.trajectories = [name for name in _in_order(file)
                                 if _is_trajectory(name, file[name])]
            if _is_trajectory("/", file):
                self.trajectories.insert(0, "/")
            self._data = "data" if "data" in file else (self.trajectories or ["/"])[0]

    def __getitem__(self, name):
        if name not in self.trajectories:
            raise KeyError(f"{self.path} has no trajectory {name!r}, only "
                           + ", ".join(map(repr, self.trajectories)))
        if name not in self._open:
            self._open[name] = _rows(_named(_dataset(self.path, name), self.attrs))
        return self._open[name]

    def __iter__(self):
        return iter(self.trajectories)

    def __len__(self):
        return len(self.trajectories)

    def __repr__(self):
        return f"<lnnflow file {self.path}: {', '.join(self.trajectories)}>"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for dataset in self._open.values():
            dataset.close()
        self._open.clear()

    @property
    def complete(self):
        """Has its writer closed the file? True where it does not say."""
        return bool(self.attrs.get("complete", 1))

    @property
    def title(self):
        return self.attrs.get("title", os.path.basename(self.path))

    @property
    def infimum(self):
        """The loss's infimum where the file knows it, else None."""
        known = self.attrs.get("loss_infimum_is") == "the value"
        return float(self.attrs["loss_infimum"]) if known else None

    @property
    def data(self):
        """X, Y, or their moments Lambda_xx, Lambda_yx, Lambda_yy."""
        if "data" not in self._open:
            dataset = _dataset(self.path, self._data)
            self._open["data"] = dataset[[v for v in dataset if v in DATA]]
        return self._open["data"]

    @property
    def search(self):
        """The grid of a `lnnflow sweep`: every run, and the best of each point."""
        if "search" not in self._open:
            with h5py.File(self.path, "r") as file:
                if "search" not in file:
                    raise LookupError(f"{self.path} holds no search: lnnflow sweep makes one")
            self._open["search"] = _dataset(self.path, "search")
        return self._open["search"]

    def with_weights(self, name):
        """The trajectory at the rows whose layers are stored: all its variables along time."""
        rows = self[name]
        if "weights_time" not in rows.dims:
            return rows
        at = np.searchsorted(rows.time.values, rows.weights_time.values)
        layers = rows[[v for v in rows.data_vars if "weights_time" in rows[v].dims]]
        layers = layers.drop_vars(set(layers.coords) - set(layers.dims))
        others = rows.drop_dims("weights_time").isel(time=at)
        return others.merge(layers.rename(weights_time="time"), join="exact")

    def findings(self):
        """What `lnnflow verify --store` found, with hypotheses and figures: a list of dicts."""
        with h5py.File(self.path, "r") as file:
            if "verdicts/json" not in file:
                raise LookupError(f"{self.path} has no verdicts: lnnflow verify {self.path} --store")
            return json.loads(bytes(file["verdicts/json"][:]))["findings"]

    def verdicts(self, theorem=None):
        """The stored verdicts as a table, of one theorem or all."""
        table = pd.DataFrame(self.findings(), columns=FINDING)
        return table if theorem is None else table[table.theorem == theorem]

    def verdict(self, theorem, trajectory):
        """holds, violated, not met or inconclusive."""
        found = [f for f in self.findings()
                 if (f["theorem"], f["trajectory"]) == (theorem, trajectory)]
        if not found:
            raise LookupError(f"no verdict on {theorem} for {trajectory} in {self.path}")
        return found[0]["verdict"]


def open(path):
    """A trajectory file, ours or anybody's, opened for reading."""
    return File(path)


# --- reading ------------------------------------------------------------------------------------

def _plain(value):
    return value.decode() if isinstance(value, bytes) else value


def _in_order(file):
    """The names in the root as they were written, where the file remembers."""
    info = {name: file.id.links.get_info(name.encode()) for name in file}
    return sorted(info, key=lambda name: info[name].corder if info[name].corder_valid else 0)


def _is_trajectory(name, node):
    return (name not in NOT_A_TRAJECTORY and isinstance(node, h5py.Group)
            and any(key in node for key in ("time", "iteration", "W1", "W")))


def _dataset(path, group):
    """Bits as they are stored: nothing decoded, nothing read before it is used."""
    with h5py.File(path, "r") as file:
        foreign = [name for name, node in file[group].items()
                   if isinstance(node, h5py.Dataset) and node.dtype.kind not in "fiub"]
    return xr.open_dataset(path, group=group, engine="h5netcdf", phony_dims="access",
                           decode_cf=False, drop_variables=foreign)


def _named(dataset, root):
    """Files of other programs: their axes have no names, and the time may be missing."""
    if "time" in dataset.dims:
        return dataset
    rows = next(dataset[v].shape[0] for v in ("time", "iteration", "W1", "W") if v in dataset)
    named = {}
    for name, variable in dataset.variables.items():
        if name in DATA:
            continue
        variable = variable.copy(deep=False)
        along = variable.ndim > 0 and variable.shape[0] == rows
        axes = ["time" if along else f"{name}_0"] + [f"{name}_{i}" for i in range(1, variable.ndim)]
        variable.dims = axes[:variable.ndim]
        named[name] = variable
    if "time" not in named:
        k = np.asarray(named["iteration"]) if "iteration" in named else np.arange(rows)
        rate = float(dataset.attrs.get("learning_rate", root.get("learning_rate", 1)))
        named["time"] = xr.Variable("time", rate * k, {"long_name": "flow time"})
        named.setdefault("iteration", xr.Variable("time", k, {"long_name": "iteration k"}))
    return xr.Dataset(named, attrs=dataset.attrs)


def _rows(dataset):
    """The rows that exist: those before the first time that is not finite."""
    for axis in {"time", "weights_time"} & set(dataset.dims):
        finite = np.isfinite(dataset[axis].values)
        end = len(finite) if finite.all() else int(np.argmin(finite))
        dataset = dataset.isel({axis: slice(0, end)})
    return dataset.set_coords([c for c in ("iteration",) if c in dataset])


def layer_size(d):
    """min_j ||W_j W_j^T||_F along time, of a trajectory that stores its layers at every row."""
    layers = [d[f"W{j}"].values for j in range(1, 1 + sum(v[0] == "W" and v[1:].isdigit() for v in d))]
    sizes = [np.linalg.norm(W @ np.swapaxes(W, 1, 2), axis=(1, 2)) for W in layers]
    return xr.DataArray(np.min(sizes, axis=0), dims="time")


# --- pictures -----------------------------------------------------------------------------------
# Each draws into ax (a new one by default) and returns it; names picks trajectories. What is not
# positive has no place on a log axis and is left out there.

STYLES = ["-", "--", "-.", ":"]


def _axis(ax, ylabel, datasets, log=True):
    if ax is None:
        import matplotlib.pyplot as plt
        _, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    if log:
        ax.set_yscale("log", nonpositive="mask")
    if any(_log_spaced(d.time.values) for d in datasets):
        ax.set_xscale("log", nonpositive="mask")
    ax.set_xlabel("flow time $t$")
    ax.set_ylabel(ylabel)
    ax.grid(alpha=0.3)
    return ax


def _log_spaced(t):
    steps = np.diff(t)
    return len(steps) > 8 and steps[-2] > 10 * steps[1] > 0


def _chosen(f, names, variable):
    names = f.trajectories if names is None else [names] if isinstance(names, str) else names
    chosen = {name: f[name] for name in names if variable in f[name]}
    if not chosen:
        raise LookupError(f"{f.path}: no trajectory has {variable}")
    return chosen


def _legend(ax):
    if ax.get_legend_handles_labels()[0]:
        ax.legend(fontsize="small")
    return ax


def positive(values):
    """For log axes: what is not above 0 becomes NaN."""
    values = np.asarray(values, dtype=float)
    return np.where(values > 0, values, np.nan)


def loss(f, names=None, ax=None, x="time"):
    """The loss above its infimum (where known), log, with its error band."""
    chosen = _chosen(f, names, "loss")
    floor = f.infimum or 0.0
    ax = _axis(ax, "loss" if f.infimum is None or floor == 0 else "loss above its infimum",
               chosen.values())
    for (name, d), style in zip(chosen.items(), STYLES * len(chosen)):
        above = d.loss.values - floor
        line, = ax.plot(d[x], positive(above), style, label=name)
        if "loss_error" in d:
            bar = d.loss_error.values
            ax.fill_between(d[x], np.maximum(above - bar, 1e-300), positive(above + bar),
                            color=line.get_color(), alpha=0.25, lw=0)
    low = np.nanmin([np.nanmin(positive(d.loss.values - floor)) for d in chosen.values()])
    ax.set_ylim(bottom=low / 10)
    if x != "time":
        ax.set_xlabel(x)
    return _legend(ax)


def balancedness(f, names=None, ax=None, drift=True):
    """What the flow conserves: its drift (or the imbalance itself), the worst interface, log."""
    variable = "balancedness_drift" if drift else "balancedness"
    chosen = _chosen(f, names, variable)
    label = r"$\max_j\Vert C_j(t)-C_j(0)\Vert_F$" if drift else r"$\max_j\Vert C_j(t)\Vert_F$"
    ax = _axis(ax, label, chosen.values())
    for (name, d), style in zip(chosen.items(), STYLES * len(chosen)):
        ax.plot(d.time, positive(d[variable].max("interface")), style, label=name)
    return _legend(ax)


def singular_values(f, names=None, ax=None, log=False):
    """All singular values of W: a colour a mode, a style a trajectory."""
    chosen = _chosen(f, names, "singular_values")
    ax = _axis(ax, "singular values of $W$", chosen.values(), log)
    first = next(iter(chosen))
    for (name, d), style in zip(chosen.items(), STYLES * len(chosen)):
        for r in range(d.sizes["mode"]):
            values = d.singular_values.isel(mode=r).values
            label = f"$\\sigma_{{{r + 1}}}$" if name == first and r < 6 else ""
            if r == 0:
                label = ", ".join(filter(None, (name, label)))
            ax.plot(d.time, positive(values) if log else values, style, color=f"C{r % 10}",
                    label=label or None)
    return _legend(ax)


def iterations_to(trajectory, loss):
    """The first stored iteration at which the loss is at most this; inf: there is none."""
    at = np.flatnonzero(trajectory.loss.values <= loss)
    return float(trajectory.iteration[at[0]]) if len(at) else np.inf


def fewest(f, axis):
    """Of a sweep, by its axis: the iterations at the best learning rate, inf where no rate
    reaches stop.loss, over all points with that value and all trajectories."""
    best = f.search.best_iterations.where(f.search.best >= 0, np.inf)
    values = f.search[axis].values
    return {value: best.values[values == value].ravel() for value in values.tolist()}


Difference = namedtuple("Difference", "time gap bar")


def difference(f, a, b):
    """||W_a - W_b||_F and both error bars together, at the times that both have (to rounding:
    eta * k is not always the decimal number it stands for)."""
    t, u = f[a].time.values, f[b].time.values
    bt = np.clip(np.searchsorted(u, t - 1e-12 * np.abs(t)), 0, len(u) - 1)
    at = np.flatnonzero(np.abs(t - u[bt]) <= 1e-12 * np.abs(t)) if len(u) else []
    if len(at) < 2:
        raise ValueError(f"{a} and {b} have no samples in common")
    t, bt = t[at], bt[at]
    gap = np.linalg.norm(f[a].W.values[at] - f[b].W.values[bt], axis=(1, 2))
    bar = sum((np.asarray(f[n].W_error)[rows] for n, rows in ((a, at), (b, bt)) if "W_error" in f[n]),
              np.zeros(len(t)))
    return Difference(t, gap, bar)


def agreement(f, names=None, to="end_to_end", ax=None):
    """The difference of two trajectories' W, log, and what their error bars allow (shaded)."""
    names = [names] if isinstance(names, str) else names
    chosen = _chosen(f, names or [n for n in f if n != to], "W")
    ax = _axis(ax, r"$\Vert W - W_{\mathrm{" + to.replace("_", r"\ ") + r"}}\Vert_F$", [f[to]])
    shade = None
    for (name, _), style in zip(chosen.items(), STYLES * len(chosen)):
        t, gap, bar = difference(f, name, to)
        line, = ax.plot(t, positive(gap), style, label=name)
        if (bar > 0).any():
            ax.plot(t, positive(bar), color=line.get_color(), lw=0.8, alpha=0.6)
            shade = ax.fill_between(t, 1e-300, positive(bar), color=line.get_color(), alpha=0.12,
                                    lw=0)
    if shade:
        shade.set_label("both error bars")
    _above(ax)
    return _legend(ax)


def _above(ax):
    """The range of the lines, not of the shades under them."""
    drawn = np.concatenate([line.get_ydata() for line in ax.get_lines()])
    drawn = drawn[np.isfinite(drawn) & (drawn > 0)]
    if len(drawn):
        ax.set_ylim(drawn.min() / 3, drawn.max() * 3)


def step_sizes(f, names=None, ax=None):
    """The natural steps' sizes; a discrete method's is its learning rate."""
    chosen = _chosen(f, names, "step_size")
    ax = _axis(ax, "step size", chosen.values())
    for (name, d), style in zip(chosen.items(), STYLES * len(chosen)):
        ax.plot(d.time, positive(d.step_size), style, label=name)
    return _legend(ax)


def path(f, x=(0, 0), y=(0, 1), names=None, ax=None, target=None):
    """One entry of W against another: the path, its start (dot) and the target (cross)."""
    if ax is None:
        import matplotlib.pyplot as plt
        _, ax = plt.subplots(figsize=(5.5, 5), layout="constrained")
    chosen = _chosen(f, names, "W")
    for (name, d), style in zip(chosen.items(), STYLES * len(chosen)):
        u, v = d.W[:, x[0], x[1]].values, d.W[:, y[0], y[1]].values
        line, = ax.plot(u, v, style, label=name)
        ax.plot(u[0], v[0], "o", color=line.get_color())
    if target is not None:
        ax.plot(*target, "kx", ms=9, mew=2, label="target")
    ax.set_xlabel(f"$W_{{{x[0] + 1}{x[1] + 1}}}$")
    ax.set_ylabel(f"$W_{{{y[0] + 1}{y[1] + 1}}}$")
    ax.grid(alpha=0.3)
    return _legend(ax)


def search(f, over, ax=None, label=None):
    """Iterations of the best learning rate over a swept key (init_scale), median and range over
    the other keys; a cross at the top where no run of some point reached the target."""
    grid = f.search
    names = str(grid.attrs["trajectories"]).split("\n")
    most = int(grid.attrs["stop_max_steps"])
    ax = _axis(ax, "iterations of the best learning rate", [])
    ax.set_xscale("log")
    ax.set_xlabel(over.replace("_", "."))
    ax.axhline(most, color="0.6", lw=0.8, label=f"the budget, {most}")
    key = grid[over].values
    for i, name in enumerate(names):
        found = np.where(grid.best.values[:, i] >= 0, grid.best_iterations.values[:, i], most)
        x = np.unique(key)
        rows = [np.sort(found[key == value]) for value in x]
        line, = ax.plot(x, [np.median(r) for r in rows], "o-", label=label or name)
        ax.fill_between(x, [r[0] for r in rows], [r[-1] for r in rows], color=line.get_color(),
                        alpha=0.15, lw=0)
        lost = [value for value in x if (grid.best.values[key == value, i] < 0).any()]
        ax.plot(lost, len(lost) * [most], "X", ms=10, color=line.get_color(), mec="w")
    return _legend(ax)


def search_grid(f, point=0, ax=None):
    """All runs of one point: iterations to the target by learning rate; crosses diverged or did
    not reach it."""
    grid = f.search
    reached = str(grid.attrs["ended_is"]).split("\n").index("stop_loss")
    ax = _axis(ax, "iterations", [])
    ax.set_xscale("log")
    ax.set_xlabel(r"learning rate $\eta$")
    for i, name in enumerate(str(grid.attrs["trajectories"]).split("\n")):
        rate, k = grid.learning_rate.values[point, i], grid.iterations.values[point, i]
        good = grid.ended.values[point, i] == reached
        line, = ax.plot(rate[good], k[good], "o-", label=name)
        ax.plot(rate[~good & (k > 0)], k[~good & (k > 0)], "x", color=line.get_color())
    return _legend(ax)
