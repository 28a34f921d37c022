#!/usr/bin/env python3
"""A trajectory file that lnnflow did not write: plain gradient descent in numpy.

usage: foreign.py OUT.h5 [--flow] [--float32]

The layers of every iteration, the examples and the learning rate are all that
`lnnflow verify` needs. With --flow the same iterates are passed off as gradient flow
(system = gradient_flow, time = iteration * learning_rate): its theorems are then violated
by O(learning_rate). With --float32 everything is computed and stored in float32.
"""
import sys

import h5py
import numpy as np


def descend(X, Y, layers, rate, iterations):
    """All iterates of W_j <- W_j - rate * dl/dW_j, l = 1/(2m) ||X W1^T..WN^T - Y||^2."""
    history = [[W.copy() for W in layers]]
    for _ in range(iterations):
        activations = [X.T]
        for W in layers:
            activations.append(W @ activations[-1])
        back = (activations[-1] - Y.T) / len(X)
        gradients = []
        for W, a in zip(reversed(layers), reversed(activations[:-1])):
            gradients.insert(0, back @ a.T)
            back = W.T @ back
        layers = [W - rate * G for W, G in zip(layers, gradients)]
        history.append([W.copy() for W in layers])
    return [np.array(column) for column in zip(*history)]


def main():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((50, 3))
    Y = X @ np.array([[1.0, 0.0], [0.5, -1.0], [-0.25, 0.75]]) + 0.1 * rng.standard_normal((50, 2))
    widths = [3, 4, 4, 2]
    start = [0.5 * rng.standard_normal((b, a)) for a, b in zip(widths, widths[1:])]
    rate = 0.01
    if "--float32" in sys.argv:
        X, Y, *start = (np.float32(a) for a in (X, Y, *start))
        rate = np.float32(rate)
    with h5py.File(sys.argv[1], "w") as f:
        for j, W in enumerate(descend(X, Y, start, rate, 200), 1):
            f[f"W{j}"] = W
        f["X"], f["Y"] = X, Y
        if "--flow" in sys.argv:
            f.attrs["system"] = "gradient_flow"
            f["time"] = rate * np.arange(201).astype(X.dtype)
        else:
            f.attrs["learning_rate"] = rate


main()
