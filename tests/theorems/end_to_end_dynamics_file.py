#!/usr/bin/python3
"""End-to-end trajectories with the exponents of Theorem 1, and with wrong ones.

# expect: end_to_end_dynamics right_flow holds
# expect: end_to_end_dynamics right_flow inconclusive after nan
# expect: end_to_end_dynamics right_rule holds
# expect: end_to_end_dynamics wrong_flow violated
# expect: end_to_end_dynamics wrong_rule violated
# expect: energy_identity right_flow holds
# expect: energy_identity wrong_flow violated

W alone, without error bars, as another program would write it: the flow by the classical
Runge-Kutta method, the rule by iterating it. Right: sum_j [W W^T]^{(j-1)/N} G [W^T W]^{(N-j)/N};
wrong: j/N instead of (j-1)/N.
"""
import sys

import h5py
import numpy as np

PHI = np.array([[1, 0.5, -0.25], [0, -1, 0.75]])
START = np.array([[0.3, -0.2, 0.1], [0.05, 0.4, -0.15]])
N = 3


def power(V, s, p):
    """[W^T W]^p from the SVD of W; eigenvalues of W^T W would turn a 0 into 1e-17^p."""
    return (V * s ** (2 * p)) @ V.T if p else np.eye(len(V))


def field(W, shift):
    """shift 0: Theorem 1; 1: the wrong exponents."""
    G = W - PHI
    U, s, Vt = np.linalg.svd(W, full_matrices=False)
    return -sum(power(U, s, (j - 1 + shift) / N) @ G @ power(Vt.T, s, (N - j) / N) for j in range(1, N + 1))


def runge_kutta(W, shift, h):
    a = field(W, shift)
    b = field(W + h / 2 * a, shift)
    c = field(W + h / 2 * b, shift)
    d = field(W + h * c, shift)
    return W + h / 6 * (a + 2 * b + 2 * c + d)


def flow(shift, end=3, samples=601, steps=8):
    times, rows = np.linspace(0, end, samples), [START]
    for _ in times[1:]:
        W = rows[-1]
        for _ in range(steps):
            W = runge_kutta(W, shift, times[1] / steps)
        rows.append(W)
    return times, np.array(rows)


def rule(shift, eta=0.05, iterations=60):
    rows = [START]
    for _ in range(iterations):
        rows.append(rows[-1] + eta * field(rows[-1], shift))
    return eta * np.arange(iterations + 1), np.array(rows)


with h5py.File(sys.argv[1], "w") as f:
    f["Phi"] = PHI
    f.attrs["widths"] = "3 4 3 2"
    for shift, name in enumerate(("right", "wrong")):
        for kind, (times, W) in (("flow", flow(shift)), ("rule", rule(shift))):
            group = f.create_group(f"{name}_{kind}")
            group["time"], group["W"] = times, W
            group.attrs["system"] = "end_to_end" if kind == "flow" else "end_to_end_descent"
            if kind == "rule":
                group.attrs["learning_rate"] = 0.05
