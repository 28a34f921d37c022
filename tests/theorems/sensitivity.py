#!/usr/bin/python3
"""The smallest perturbation that each identity notices: sensitivity.py PROGRAM [THEOREM...]

For every problem here where an identity holds on a trajectory with error bars, one weight of the
middle row is moved by more and more (change.py, perturb) until the verdict is no longer `holds`
but `violated` or `not met`. The unit is the global error: the largest W_error of the trajectory.
At most LIMIT of it may pass unnoticed. The last line counts.
"""
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from run import HERE, call, expectations, judge
from change import change

LIMIT = 100
# An invariant subspace sees of a weight only what touches it.
LIMITS = {"invariant_subspace": 500}
# Statements about any matrix, the start or the end alone: the middle row is none of their business.
ELSEWHERE = ("preconditioner", "not_gradient_field", "curvature_bound", "balanced_start", "minimum_spectrum")
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def global_error(path, trajectory):
    import h5py
    import numpy as np
    with h5py.File(path, "r") as f:
        errors = f[trajectory].get("W_error")
        return None if errors is None else float(np.nanmax(errors[:]))


def noticed(program, path, theorem, trajectory, error):
    """The least of STEPS that is noticed; infinity if none is."""
    for step in STEPS:
        copy = path.with_suffix(".perturbed.h5")
        copy.write_bytes(path.read_bytes())
        change(copy, trajectory, ["perturb", str(step * error)])
        if judge(program, copy, theorem, trajectory)["verdict"] in ("violated", "not met"):
            return step
    return float("inf")


def measure(program, problem, wanted, folder):
    """Rows (theorem, trajectory, problem, global error, least step) of one problem file."""
    path = folder / f"{problem.stem}.h5"
    call(program, "run", problem, "-q", "-o", path, good=(0, 3))
    for theorem, trajectory, verdict, changed in wanted:
        if verdict != "holds" or changed or theorem in ELSEWHERE:
            continue
        finding = judge(program, path, theorem, trajectory)
        error = global_error(path, trajectory)
        if finding["verdict"] == "holds" and finding["bound"] == 0 and error:
            yield theorem, trajectory, problem.stem, error, noticed(program, path, theorem, trajectory, error)


def main():
    program, only = Path(sys.argv[1]).resolve(), sys.argv[2:]
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    problems = {p: [e for e in expectations(p) if not only or e[0] in only] for p in sorted(HERE.glob("*.yaml"))}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        done = pool.map(lambda p: list(measure(program, p[0], p[1], Path(folder))),
                        [p for p in problems.items() if p[1]])
        rows = sorted(row for some in done for row in some)
    print(f"{'identity':<28} {'trajectory':<20} {'problem':<34} {'global error':>12} {'noticed at':>12}")
    failed = 0
    for theorem, trajectory, problem, error, step in rows:
        good = step <= LIMITS.get(theorem, LIMIT)
        failed += not good
        print(f"{theorem:<28} {trajectory:<20} {problem:<34} {error:>12.2g} {step:>6} errors"
              + ("" if good else "  FAILED"))
    print(f"{len(rows) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
