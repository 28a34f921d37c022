"""Trajectory files of every kind a report has to bear: make(folder) -> {name: path}."""
from pathlib import Path

import h5py
import numpy as np

WEIRD = '</title><script>alert(1)</script> "quotes" \'single\' & \u202eright to left\u202c \u4e2d\u6587 \U0001f642'


def descent(file, rows, seed=0):
    """Two layers by gradient descent on a target, as anybody would write it."""
    random = np.random.default_rng(seed)
    target = random.standard_normal((2, 3))
    w1, w2 = 0.3 * random.standard_normal((4, 3)), 0.3 * random.standard_normal((2, 4))
    one, two = [], []
    for _ in range(rows):
        one.append(w1)
        two.append(w2)
        gradient = w2 @ w1 - target
        w1, w2 = w1 - 0.02 * w2.T @ gradient, w2 - 0.02 * gradient @ w1.T
    file["W1"], file["W2"] = np.array(one), np.array(two)
    return target


def plain(file):
    file["Phi"] = descent(file, 300)
    file.attrs["learning_rate"] = 0.02


def without_time(file):
    descent(file, 40)


def one_row(file):
    descent(file, 1)
    file["time"] = [0.0]


def no_rows(file):
    descent(file, 3)
    file["time"] = [np.nan] * 3


def holes(file):
    """NaN and infinities in every place."""
    descent(file, 60)
    t = np.linspace(0, 3, 60)
    loss = np.exp(-t)
    loss[::7], loss[30:35], loss[41] = np.nan, np.inf, -np.inf
    file["time"], file["loss"] = t, loss
    file["W1"][5:9] = np.nan
    file["all_nan"], file["all_zero"] = np.full(60, np.nan), np.zeros(60)
    file["constant"], file["negative"] = np.full(60, 7.0), -np.exp(t)
    file["huge"] = np.logspace(-300, 300, 60)
    file["wide"] = np.ones((60, 100))


def unfinished(file):
    """Cut off: the last rows are not there yet."""
    group = file.create_group("flow")
    descent(group, 50)
    group["time"] = np.where(np.arange(50) < 31, np.arange(50) * 0.1, np.nan)
    group["loss"] = np.where(np.arange(50) < 31, np.exp(-np.arange(50) * 0.1), np.nan)
    file.attrs["complete"] = 0


def no_weights(file):
    """A network that is not linear has no W: only a loss, and what was observed."""
    for name, rate in (("relu", 1.0), ("tanh", 0.3)):
        group = file.create_group(name)
        t = np.linspace(0, 10, 400)
        group["time"], group["loss"] = t, np.exp(-rate * t)
        group["norm_difference"] = 1e-15 * np.random.default_rng(1).random((400, 2))
        group["accuracy"] = 1 - np.exp(-rate * t)
    file.attrs["title"] = "layers without a product"


def weird(file):
    file.attrs["title"] = WEIRD
    file.attrs["problem"] = "title: " + WEIRD + "\n" + "x" * 400
    file.attrs["loss"] = "<b>square</b>"
    for name in ("a<b>&\"'", "\u202eltr", "n" * 200):
        group = file.create_group(name)
        descent(group, 20)
        group["time"] = np.arange(20.0)
        group["<i>obs"] = np.arange(20.0) + 1
        group["<i>obs"].attrs["long_name"] = WEIRD


def bytes_title(file):
    file.attrs["title"] = np.bytes_(b"caf\xe9 \xff\xfe \x01\x1b[31m")
    descent(file, 20)


def many(file):
    for i in range(200):
        group = file.create_group(f"run_{i:03}")
        group["time"] = np.linspace(0, 5, 60)
        group["loss"] = np.exp(-np.linspace(0, 5, 60) * (1 + i / 50))
        group["extra"] = np.sin(np.linspace(0, 5, 60) + i)


def long(file):
    rows = 100_000
    group = file.create_group("flow")
    t = np.linspace(0, 100, rows)
    group["time"] = t
    loss = np.exp(-t / 5) * (1 + 0.1 * np.random.default_rng(2).random(rows))
    loss[77_777] = 5.0  # a spike
    group["loss"], group["loss_error"] = loss, 1e-3 * loss
    group["W"] = loss[:, None, None] * np.ones((1, 2, 2))
    group["noise"] = np.random.default_rng(3).standard_normal(rows)


def search(file):
    """The grid of a search for learning rates, without a trajectory."""
    group = file.create_group("search")
    rate = np.broadcast_to(np.logspace(-4, 0, 13), (2, 2, 13))
    loss = 1e-3 / rate + rate**2 * np.arange(1, 5).reshape(2, 2, 1)
    group["learning_rate"], group["loss"] = rate, loss
    group["iterations"] = np.full(rate.shape, 100)
    group["ended"] = np.zeros(rate.shape, int)
    group.attrs["by"], group.attrs["trajectories"] = "loss", "gradient_descent\nadam"


KINDS = (plain, without_time, one_row, no_rows, holes, unfinished, no_weights, weird, bytes_title,
         many, long, search)


def make(folder):
    paths = {}
    for kind in KINDS:
        path = Path(folder) / f"{kind.__name__}.h5"
        with h5py.File(path, "w") as file:
            kind(file)
        paths[kind.__name__] = path
    return paths
