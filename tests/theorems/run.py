#!/usr/bin/python3
"""Every theorem where it holds and where it must not: run.py [-q] PROGRAM [THEOREM...]

A problem file here (*.yaml), or a program that writes a trajectory file (*_file.py OUT.h5), begins
with its expectations:

    # expect: THEOREM TRAJECTORY VERDICT
    # expect: THEOREM TRAJECTORY VERDICT after CHANGE        (see change.py)

Each is run once, changed where an expectation says so, and judged by `lnnflow verify`. What holds
must not be violated when the trajectory, or its times, are stored in float32: expected unasked. The table
has a row per expectation (-q: only those that fail). Every theorem of `lnnflow list theorems` must have one where it holds
and a negative control where it is violated or not met. The last line counts.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

try:
    from change import change
except ImportError as missing:
    print(f"theorems: {missing}; make setup installs it")
    sys.exit(77)

HERE = Path(__file__).resolve().parent
VERDICTS = ("holds", "violated", "not met", "inconclusive")
EXPECT = re.compile(rf"# expect: (\w+) (\w+) ({'|'.join(VERDICTS)})(?: after (.+))?$")
NO_VIOLATION = "no violation"
DIVERGED = 3  # a run may end in the divergence that its theorem is about


def expectations(path):
    """The rows that a problem asks for: [theorem, trajectory, verdict, change or None]."""
    found = []
    for line in path.read_text().splitlines():
        if line.startswith("# expect:"):
            match = EXPECT.match(line)
            if not match:
                sys.exit(f"{path.name}: not an expectation: {line}")
            found.append(match.groups())
    return found + [(t, name, NO_VIOLATION, single) for t, name, verdict, changed in found
                    if verdict == "holds" and not changed for single in ("float32", "time32")]


def call(*command, good=(0,)):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode not in good:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def judge(program, path, theorem, trajectory):
    """The finding, or why there is none."""
    text = call(program, "verify", path, trajectory, "-t", theorem, "--json", good=(0, 1))
    findings = json.loads(text)["findings"]
    if len(findings) != 1:
        raise RuntimeError(f"{theorem} is not about {trajectory}")
    return findings[0]


def ended(expected, problem, finding, trouble):
    return {"expected": expected, "problem": problem, "finding": finding, "trouble": trouble}


def run(program, problem, wanted, folder):
    """All rows of one problem file."""
    path, results = folder / f"{problem.stem}.h5", []
    try:
        if problem.suffix == ".py":
            call("/usr/bin/python3", problem, path)
        else:
            call(program, "run", problem, "-q", "-o", path, good=(0, DIVERGED))
    except (RuntimeError, subprocess.TimeoutExpired) as trouble:
        return [ended(e, problem.name, None, str(trouble)) for e in wanted]
    for expected in wanted:
        theorem, trajectory, _, changed = expected
        copy = folder / f"{problem.stem}_changed.h5"
        try:
            shutil.copy(path, copy)
            if changed:
                change(copy, trajectory, changed.split())
            results.append(ended(expected, problem.name, judge(program, copy, theorem, trajectory), ""))
        except Exception as trouble:  # whatever it is, it is this row's failure
            results.append(ended(expected, problem.name, None, f"{type(trouble).__name__}: {trouble}"))
    path.unlink()
    copy.unlink(missing_ok=True)
    return results


def number(x):
    return "-" if x is None else f"{x:.3g}"


def head(theorem, rows):
    statement = next((r["finding"]["statement"] for r in rows if r["finding"]), "")
    print(f"\n{theorem}")
    print(textwrap.fill(statement, 110, initial_indent="  ", subsequent_indent="  "))


def show(rows, quiet):
    """The rows; returns how many are as expected."""
    good = 0
    for row in rows:
        _, trajectory, expected, changed = row["expected"]
        finding = row["finding"] or {"verdict": "no verdict", "margin": None, "error_bar": None}
        what = f"{row['problem'].removesuffix('.yaml')}, {trajectory}"
        as_expected = finding["verdict"] == expected or (
            expected == NO_VIOLATION and finding["verdict"] in VERDICTS and finding["verdict"] != "violated")
        good += as_expected
        if quiet and as_expected:
            continue
        print(f"  {what + (f', {changed}' if changed else ''):<76} {expected:<12} {finding['verdict']:<12} "
              f"{number(finding['margin']):>10} {number(finding['error_bar']):>10}"
              + ("" if as_expected else "  FAILED"))
        if not as_expected:
            print(textwrap.indent(row["trouble"] or finding["reason"], "      "))
    return good


def uncovered(theorem, rows):
    verdicts = {row["expected"][2] for row in rows}
    if "holds" not in verdicts:
        yield f"{theorem}: no problem where it holds"
    if not verdicts & {"violated", "not met"}:
        yield f"{theorem}: no negative control"


def main():
    arguments = [a for a in sys.argv[1:] if a != "-q"]
    quiet = len(arguments) < len(sys.argv) - 1
    program = Path(arguments[0]).resolve()
    known = call(program, "list", "theorems", "--names").split()
    names = arguments[1:] or known
    problems = {}
    for path in sorted([*HERE.glob("*.yaml"), *HERE.glob("*_file.py")]):
        all_of_it = expectations(path)
        wanted = [e for e in all_of_it if e[0] in names]
        for theorem in {e[0] for e in all_of_it} - set(known):
            sys.exit(f"{path.name}: there is no theorem {theorem}")
        if not all_of_it:
            sys.exit(f"{path.name}: expects nothing")
        if wanted:
            problems[path] = wanted
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        done = pool.map(lambda p: run(program, p[0], p[1], Path(folder)), problems.items())
        results = [row for rows in done for row in rows]
    if not quiet:
        print(f"  {'problem, trajectory, change':<76} {'expected':<12} {'verdict':<12} "
              f"{'margin':>10} {'error bar':>10}")
    passed = failed = 0
    for theorem in names:
        rows = [r for r in results if r["expected"][0] == theorem]
        if not quiet:
            head(theorem, rows)
        good = show(rows, quiet)
        passed, failed = passed + good, failed + len(rows) - good
        for lack in uncovered(theorem, rows):
            print(f"  FAILED: {lack}")
            failed += 1
    print(f"\n{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
