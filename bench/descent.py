#!/usr/bin/python3
"""How fast long descents are, against the machine: bench/descent.py PROGRAM REPORT.

PROGRAM is descent.c. All candidates are asked in turn, again and again, and numpy's own
loop among them, so that a busy machine hits all alike; shown are median, smallest and
largest time of an iteration (or of one pass of a bare BLAS call)."""
import os
import random
import statistics
import subprocess
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
try:
    import numpy as np
except ImportError:
    np = None

REPEATS = int(os.environ.get("REPEATS", "9"))
WHAT = {
    "l4": "lnnflow, l4 loss",
    "l4_stop": "lnnflow, l4 loss, stop.loss looked at in every iteration",
    "l3": "lnnflow, l3 loss",
    "l2.5": "lnnflow, l2.5 loss",
    "square": "lnnflow, square loss (128 x 128 triangle instead of the examples)",
    "numpy": "numpy's loop, l4 loss",
    "gemv_pair": "BLAS: X w, then X^T r, and nothing else",
    "gemm_pair_8": "BLAS: X W, then X^T R, of 8 networks side by side, per network",
    "gemm": "BLAS: a product of 768 x 768 matrices",
    "read_matrix": "BLAS: dot of X (2.6 MB) with itself: reading it once",
    "read_memory": "BLAS: dot of 256 MB with themselves: main memory",
}


def numpy_loop():
    """The same descent as l4; seconds an iteration, operations, bytes."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(2565, 128)), rng.normal(size=2565)
    w1, w2, eta, m = 0.01 * rng.normal(size=128), 0.01, 1e-6, len(y)
    begin, count = time.thread_time(), 0
    while time.thread_time() < begin + 0.5:
        for _ in range(100):
            r = w2 * (X @ w1) - y
            g = (r * r * r) @ X / m
            w1, w2 = w1 - eta * w2 * g, w2 - eta * (g @ w1)
        count += 100
    return (time.thread_time() - begin) / count, 4 * X.size, 16 * X.size


def measure(program):
    names = subprocess.run([program], capture_output=True, text=True, check=True)
    names = names.stdout.split() + (["numpy"] if np else [])
    seconds, work = {name: [] for name in names}, {}
    for _ in range(REPEATS):
        random.shuffle(names)
        for name in names:
            if name == "numpy":
                t, *work[name] = numpy_loop()
            else:
                out = subprocess.run([program, name], capture_output=True, text=True, check=True)
                t, *work[name] = map(float, out.stdout.split())
            seconds[name].append(t)
    return seconds, work


def report(seconds, work, out):
    best = statistics.median(seconds["gemv_pair"])
    print("2565 examples, 128 inputs, one output, widths [128, 1, 1]; one thread; median "
          f"(smallest, largest) of {REPEATS}\n", file=out)
    print("| what | us | per second | Gflop/s | GB/s | time / gemv pair |\n|---|---|---|---|---|---|",
          file=out)
    for name, text in WHAT.items():
        if name not in seconds:
            continue
        t = sorted(seconds[name])
        middle = statistics.median(t)
        operations, size = work[name]
        print(f"| {text} | {1e6 * middle:.4g} ({1e6 * t[0]:.4g}, {1e6 * t[-1]:.4g}) | "
              f"{1 / middle:.4g} | {1e-9 * operations / middle:.3g} | "
              f"{1e-9 * size / middle:.3g} | {middle / best:.3g} |", file=out)


def main():
    program, path = sys.argv[1:3]
    seconds, work = measure(program)
    with open(path, "w", encoding="utf-8") as out:
        report(seconds, work, out)
    with open(path, encoding="utf-8") as text:
        print(text.read(), end="")


if __name__ == "__main__":
    main()
