#!/usr/bin/python3
"""notebooks/lnnflow.py against h5py: module.py PROGRAM FOLDER

Files of all kinds are made in FOLDER: a run, weights at every fourth sample, a run that was
killed (unused rows), NaN, a foreign file. What the module shows must be what h5py reads, to the
bit.
"""
import subprocess
import sys
import traceback
from pathlib import Path

try:
    import h5py
    import numpy as np

    ROOT = Path(__file__).resolve().parent.parent.parent
    sys.path.insert(0, str(ROOT / "notebooks"))
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    import lnnflow
except ImportError as missing:
    print(f"module: {missing}; tests/setup.sh ci installs it")
    sys.exit(77)

PROGRAM, FOLDER = sys.argv[1], Path(sys.argv[2])
PROBLEM = """
title: for the readers
network: {widths: [3, 4, 3, 2]}
data: {kind: target, matrix: [[1, 0.5, -0.25], [0, -1, 0.75]]}
init: {kind: balanced, matrix: [[0.3, -0.2, 0.1], [0.05, 0.4, -0.15]]}
trajectories:
  - {system: gradient_flow}
  - {system: end_to_end}
  - {system: gradient_descent, learning_rate: 1.0e-2}
time: {end: 3, samples: 31}
"""


def made(name, *settings):
    path = FOLDER / name
    subprocess.run([PROGRAM, "run", "-", "-q", "--force", "-o", path, *settings], check=True,
                   input=PROBLEM, text=True, stdout=subprocess.DEVNULL)
    return path


def same(a, b):
    a, b = np.asarray(a), np.asarray(b)
    assert a.dtype == b.dtype and a.shape == b.shape, (a.dtype, a.shape, b.dtype, b.shape)
    assert a.tobytes() == b.tobytes()


def all_values(path, rows=None):
    """Every dataset of every trajectory is what h5py reads; a time's rows cut to those that are there."""
    seen = 0
    with lnnflow.open(path) as f, h5py.File(path) as raw:
        for name, d in f.items():
            for key, node in raw[name].items():
                along = node.ndim > 0 and d[key].dims[0] == "time" and rows is not None
                same(d[key].values, node[:rows] if along else node[:])
                seen += 1
    assert seen > 30


def test_values_are_those_of_h5py():
    all_values(made("module.h5"))


def test_order_attributes_units():
    with lnnflow.open(made("module.h5")) as f, h5py.File(FOLDER / "module.h5") as raw:
        assert f.trajectories == ["gradient_flow", "end_to_end", "gradient_descent"]
        assert f.attrs["widths"] == "3 4 3 2" and f.title == "for the readers" and f.complete
        assert f.infimum == 0
        for name in f:
            for key, node in raw[name].items():
                assert f[name][key].attrs["long_name"] == node.attrs["long_name"]
                assert f[name][key].attrs["units"] == "1"
        assert f["gradient_descent"].attrs["learning_rate"] == 0.01
        same(f.data.Lambda_yx, raw["data/Lambda_yx"][:])


def test_nothing_is_read_before_use():
    with lnnflow.open(made("module.h5")) as f:
        d = f["gradient_flow"]
        assert not any(d.variables[v]._in_memory for v in d.data_vars)


def test_iteration_is_a_second_coordinate():
    with lnnflow.open(made("module.h5")) as f:
        d = f["gradient_descent"]
        assert "iteration" in d.coords and d.iteration.dims == ("time",)
        assert d.loss.swap_dims(time="iteration").sel(iteration=20).time == d.time[2]
        assert "iteration" not in f["gradient_flow"].variables


def test_weights_at_some_samples():
    path = made("some.h5", "--set", "output.weights_every=4")
    with lnnflow.open(path) as f, lnnflow.open(made("module.h5")) as every:
        assert f["gradient_flow"].W1.dims[0] == "weights_time"
        for name in ("gradient_flow", "gradient_descent"):
            d = f.with_weights(name)
            assert dict(d.sizes)["time"] == 9 and "weights_time" not in d.dims
            for key in ("W1", "W3", "W", "loss", "balancedness"):
                same(d[key], every[name][key].sel(time=d.time))
            product = d.W3.values @ d.W2.values @ d.W1.values
            assert np.abs(product - d.W.values).max() < 1e-14
        assert (d.iteration == np.rint(d.time / 0.01)).all()
        assert f.with_weights("end_to_end").sizes["time"] == 31


def cut(path, rows, name="gradient_flow"):
    with h5py.File(path, "r+") as raw:
        for key, node in raw[name].items():
            if node.ndim > 0 and len(node) == 31:
                node[rows:] = np.nan if node.dtype.kind == "f" else -1
        raw.attrs["complete"] = 0


def test_rows_of_a_killed_run_end_with_its_times():
    path = made("killed.h5")
    for name in ("gradient_flow", "end_to_end", "gradient_descent"):
        cut(path, 12, name)
    with lnnflow.open(path) as f:
        assert not f.complete and f["gradient_flow"].sizes["time"] == 12
    all_values(path, 12)
    cut(path, 0)
    with lnnflow.open(path) as f:
        assert f["gradient_flow"].sizes["time"] == 0 and f["end_to_end"].sizes["time"] == 12


def test_killed_with_weights_at_some_samples():
    path = made("killed.h5", "--set", "output.weights_every=4")
    cut(path, 12)
    with h5py.File(path, "r+") as raw:
        raw["gradient_flow/weights_time"][3:] = np.nan
    with lnnflow.open(path) as f:
        assert f["gradient_flow"].sizes["weights_time"] == 3
        d = f.with_weights("gradient_flow")
        assert np.allclose(d.time, [0, 0.4, 0.8]) and d.W2.shape == (3, 3, 4)


def test_nan_is_a_value():
    path = made("nan.h5")
    with h5py.File(path, "r+") as raw:
        raw["gradient_flow/loss"][7] = np.nan
    with lnnflow.open(path) as f:
        assert f["gradient_flow"].sizes["time"] == 31 and np.isnan(f["gradient_flow"].loss[7])
        lnnflow.loss(f)
        plt.close("all")


def test_files_of_other_programs():
    path = FOLDER / "foreign.h5"
    rng = np.random.default_rng(1)
    W1, W2, X, loss = (rng.standard_normal(s) for s in ((5, 3, 2), (5, 1, 3), (5, 2), 5))
    for where in ("/", "training"):
        with h5py.File(path, "w") as raw:
            group = raw.require_group(where)
            group["W1"], group["W2"], group["loss"], group["note"] = W1, W2, loss, "a text"
            raw["X"], raw["Y"] = X, X[:, :1]
            group.attrs["learning_rate"] = 0.5
        with lnnflow.open(path) as f:
            assert f.trajectories == [where]
            d = f[where]
            same(d.W1, W1), same(d.W2, W2), same(d.loss, loss)
            assert (d.time == 0.5 * np.arange(5)).all() and (d.iteration == np.arange(5)).all()
            assert d.W1.dims[0] == d.W2.dims[0] == d.loss.dims[0] == "time" and "X" not in d
            if where == "/":
                same(f.data.X, X)
    with h5py.File(path, "w") as raw:  # with times, the last two not there
        raw["time"], raw["W"] = [0.0, 1, 4, np.nan, np.nan], W1
    with lnnflow.open(path) as f:
        same(f["/"].W, W1[:3])


def test_verdicts_are_those_stored():
    path = made("verdicts.h5")
    with lnnflow.open(path) as f:
        try:
            f.verdicts()
            raise AssertionError("a file without verdicts has some")
        except LookupError as said:
            assert "verify" in str(said) and str(path) in str(said)
        subprocess.run([PROGRAM, "verify", path, "--store"], stdout=subprocess.DEVNULL)
        table = f.verdicts()
        with h5py.File(path) as raw:
            stored = raw["verdicts"]
            assert list(table.verdict) == list(stored.attrs["verdict"])
            same(table.measured.astype(float), stored["measured"][:])
        assert f.verdict("balancedness_preserved", "gradient_flow") == "holds"
        assert f.verdict("balancedness_preserved", "gradient_descent") == "violated"
        assert set(f.verdicts("energy_identity").theorem) == {"energy_identity"}
        assert f.trajectories == ["gradient_flow", "end_to_end", "gradient_descent"]
        all_values(path)


def test_difference_is_the_norm():
    with lnnflow.open(made("module.h5")) as f:
        d = lnnflow.difference(f, "gradient_descent", "end_to_end")
        assert np.abs(d.gap - f["gradient_descent"].product_distance.values).max() < 1e-15
        bar = f["gradient_descent"].W_error.values + f["end_to_end"].W_error.values
        same(d.bar, bar)
    with lnnflow.open(made("module.h5", "--set", "time.samples=16")) as f:
        assert len(lnnflow.difference(f, "gradient_flow", "end_to_end").time) == 16


def test_pictures_have_lines_labels_scales():
    with lnnflow.open(made("module.h5")) as f:
        for draw, lines, scale in ((lnnflow.loss, 3, "log"), (lnnflow.balancedness, 2, "log"),
                                   (lnnflow.singular_values, 6, "linear"),
                                   (lnnflow.agreement, 4, "log"), (lnnflow.step_sizes, 2, "log"),
                                   (lnnflow.path, 6, "linear")):
            ax = draw(f)
            assert len(ax.get_lines()) == lines, (draw, len(ax.get_lines()))
            assert ax.get_yscale() == scale and ax.get_xlabel() and ax.get_ylabel()
            assert ax.get_legend()
            ax.figure.canvas.draw()
        line = lnnflow.loss(f, names="gradient_flow").get_lines()[0]
        same(line.get_ydata(), f["gradient_flow"].loss.values)
        line = lnnflow.path(f, x=(1, 0), y=(0, 2), names="end_to_end").get_lines()[0]
        same(line.get_xdata(), f["end_to_end"].W.values[:, 1, 0])
        same(line.get_ydata(), f["end_to_end"].W.values[:, 0, 2])
        plt.close("all")


def test_grid_of_a_search():
    path = FOLDER / "search.h5"
    rng = np.random.default_rng(2)
    with h5py.File(path, "w") as raw:  # two points a scale, one trajectory, three rates
        g = raw.create_group("search")
        g["init_scale"] = [0.1, 0.1, 1, 1]
        g["best"] = np.array([[1], [2], [0], [-1]])
        g["best_iterations"] = np.array([[10], [30], [50], [-1]])
        g["ended"] = np.array(4 * [[[2, 9, 2]]])
        g["iterations"] = rng.integers(1, 99, (4, 1, 3))
        g["learning_rate"] = np.array(4 * [[[0.1, 1, 10]]])
        names = "running\nend\nstop_loss\nx\nx\nx\nx\nx\nx\nfail_nonfinite"
        g.attrs.update(trajectories="gradient_descent", stop_max_steps=99, ended_is=names)
    with lnnflow.open(path) as f:
        assert f.trajectories == []
        same(f.search.best, np.array([[1], [2], [0], [-1]]))
        lines = lnnflow.search(f, "init_scale").get_lines()
        assert list(lines[1].get_ydata()) == [20, 74.5], lines[1].get_ydata()
        assert list(lines[2].get_xdata()) == [1] and list(lines[2].get_ydata()) == [99]
        lines = lnnflow.search_grid(f, 2).get_lines()
        assert list(lines[0].get_xdata()) == [0.1, 10] and list(lines[1].get_xdata()) == [1]
        plt.close("all")
    with lnnflow.open(made("module.h5")) as f:
        try:
            f.search
            raise AssertionError("no error")
        except LookupError as said:
            assert "sweep" in str(said)


def test_what_is_not_there_says_so():
    with lnnflow.open(made("module.h5")) as f:
        for call, said in ((lambda: f["flow"], "gradient_flow"),
                           (lambda: lnnflow.step_sizes(f, "gradient_descent"), "step_size"),
                           (lambda: f.verdict("x", "y"), "verdicts")):
            try:
                call()
                raise AssertionError("no error")
            except LookupError as error:
                assert said in str(error), error


def main():
    passed = failed = 0
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            try:
                test()
                passed += 1
            except Exception:
                print(f"{name}: FAILED")
                traceback.print_exc(file=sys.stdout)
                failed += 1
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
