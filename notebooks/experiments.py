#!/usr/bin/python3
"""Runs the experiments in notebooks/problems/ and checks what each of them expects.

    notebooks/experiments.py [--short] [--program P] [--output FOLDER] [NAME...]

NAME is a problem file's name or its beginning up to a _ (a, d_descent); default: all. Each is
run, judged (verify --store) and left in output/NAME.h5, the shortened version in
output/short/NAME.h5. A problem file begins with comments; of these the runner reads

    # expect: EXPRESSION    Python over f, the opened file (notebooks/lnnflow.py), verdict(theorem,
                            trajectory), np and other(NAME), another experiment's file of the
                            same run; true in the full and in the short version
    # short: SETTINGS       more arguments of `lnnflow run` for the short version
    # needs: KEY=FILE       a file that is not shipped, looked for in $LNN_DATA or ../shared/data;
                            passed on as --set KEY=...; skipped, and said so, where it is missing
    # ends: CODE            the exit code of `lnnflow run` if it is not 0 (3: a run that diverges)

Every expectation is printed with what was measured. The last line counts expectations; the exit
code is 0 if none failed, 77 if something needed is not installed. A problem without expectations
is a failure.
"""
import argparse
import ast
import math
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

try:
    import numpy as np

    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import lnnflow
except ImportError as missing:
    print(f"experiments: {missing}; tests/setup.sh ci installs it")
    sys.exit(77)

ROOT = Path(__file__).resolve().parent.parent
PROBLEMS = ROOT / "notebooks" / "problems"
DIRECTIVE = re.compile(r"# (expect|short|needs|ends): (.*)$")
PROGRAM = os.environ.get("LNNFLOW", "build/lnnflow")
SYMBOLS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


class Skip(Exception):
    pass


def directives(problem):
    """What the comments of a problem file say: {kind: [text, ...]}."""
    found = {"expect": [], "short": [], "needs": [], "ends": []}
    for line in Path(problem).read_text().splitlines():
        match = DIRECTIVE.match(line)
        if match:
            found[match[1]].append(match[2].strip())
    return found


def settings(said, short):
    """More arguments for `lnnflow run`."""
    more = [word for line in said["short"] for word in shlex.split(line)] if short else []
    for need in said["needs"]:
        key, _, name = need.partition("=")
        folder = Path(os.environ.get("LNN_DATA") or ROOT.parent / "shared" / "data")
        if not (folder / name).exists():
            raise Skip(f"{name} is not in {folder} (set LNN_DATA)")
        more += ["--set", f"{key}={folder / name}"]
    return more


def show(command):
    print("$", " ".join(shlex.quote(str(word)) for word in command), flush=True)


def verb(problem):
    """A problem with a search or a sweep is run by `lnnflow sweep`."""
    return "sweep" if re.search(r"^(search|sweep):", Path(problem).read_text(), re.M) else "run"


def run(problem, short=None, program=PROGRAM, folder="output", quiet=False):
    """Runs a problem and returns the file; short: default from the environment's LNN_SHORT."""
    short = bool(os.environ.get("LNN_SHORT")) if short is None else short
    problem, said = Path(problem), directives(problem)
    folder = Path(folder) / "short" if short else Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{problem.stem}.h5"
    command = [program, verb(problem), os.path.relpath(problem), "-o", path, "--force", "-q",
               *settings(said, short)]
    if not quiet:
        show(command)
    done = subprocess.run(command, capture_output=True, text=True)
    if not quiet:
        print(done.stdout, end="")
    if done.returncode != int((said["ends"] or [0])[0]):
        raise RuntimeError(f"exit code {done.returncode}\n{done.stderr}")
    return str(path)


def verify(path, *theorems, program=PROGRAM, quiet=False):
    """Judges the file, stores the verdicts in it, prints those of these theorems or all."""
    path = getattr(path, "path", path)
    with lnnflow.open(path) as file:
        if not file.trajectories:  # a sweep over several points
            return
    commands = [[program, "verify", path, "--store"]]
    commands += [[program, "verify", path, "--theorem", name] for name in theorems]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"exit code {done.returncode}\n{done.stderr}")
        if not quiet and (len(command) > 4 or not theorems):
            show(command)
            print(done.stdout, end="")


def start(name):
    """For notebooks: shows the problem file of that name, runs it and opens what it wrote."""
    problem = PROBLEMS / f"{name}.yaml"
    print("".join(line for line in problem.read_text().splitlines(keepends=True)
                  if not line.startswith("# expect:")))
    return lnnflow.open(run(problem))


def text(value):
    """A measured value, short."""
    if isinstance(value, str):
        return value
    value = np.asarray(value)
    if value.dtype.kind == "f" and value.ndim == 0:
        return f"{float(value):.4g}"
    return re.sub(r"\s+", " ", np.array2string(value, precision=4, threshold=6))


def measure(expression, names):
    """Is it true, and what are the two sides of its comparisons?"""
    tree = ast.parse(expression, mode="eval").body

    def value(node):
        return eval(compile(ast.Expression(node), expression, "eval"), names)

    parts, comparisons = [], tree.values if isinstance(tree, ast.BoolOp) else [tree]
    for node in comparisons:
        if isinstance(node, ast.Compare):
            said = text(value(node.left))
            for operator, right in zip(node.ops, node.comparators):
                said += f" {SYMBOLS.get(type(operator), type(operator).__name__)} {text(value(right))}"
            parts.append(said)
        else:
            parts.append(text(value(node)))
    return bool(value(tree)), ", ".join(parts)


def check(path, expectations, other):
    """A row an expectation; returns how many are met and how many are not."""
    passed = failed = 0
    with lnnflow.open(path) as f:
        findings = f.findings() if f.trajectories else []
        found = {(x["theorem"], x["trajectory"]): x["verdict"] for x in findings}
        names = {"f": f, "np": np, "math": math, "lnnflow": lnnflow, "other": other,
                 "verdict": lambda theorem, trajectory: found.get((theorem, trajectory), "none")}
        for expression in expectations:
            try:
                good, said = measure(expression, dict(names))
            except Exception as trouble:  # whatever it is, it is this expectation's failure
                good, said = False, f"{type(trouble).__name__}: {trouble}"
            print(f"  {'ok    ' if good else 'FAILED'} {expression}\n           {said}")
            passed, failed = passed + good, failed + (not good)
    return passed, failed


def experiment(problem, short, program, folder, made):
    """One problem: (passed, failed, skipped); made collects the files of this run."""
    said = directives(problem)
    print(f"\n{problem.stem}{' (short)' if short else ''}")
    if not said["expect"]:
        print("  FAILED: expects nothing")
        return 0, 1, 0
    began = time.monotonic()
    try:
        path = run(problem, short, program, folder, quiet=True)
        verify(path, program=program, quiet=True)
    except Skip as reason:
        print(f"  skipped: {reason}")
        return 0, 0, len(said["expect"])
    except RuntimeError as trouble:
        print(f"  FAILED: {trouble}")
        return 0, len(said["expect"]), 0
    ran = time.monotonic() - began

    def other(name):
        beside = Path(path).with_name(f"{name}.h5")
        if beside not in made:
            run(PROBLEMS / f"{name}.yaml", short, program, folder, quiet=True)
        return lnnflow.open(beside)

    made.add(Path(path))
    passed, failed = check(path, said["expect"], other)
    print(f"  {path}, {ran:.1f} s")
    return passed, failed, 0


def chosen(names):
    every = sorted(PROBLEMS.glob("*.yaml"))
    if not names:
        return every
    found = [p for p in every if any(p.stem == n or p.stem.startswith(n + "_") for n in names)]
    for name in names:
        if not any(p.stem == name or p.stem.startswith(name + "_") for p in found):
            sys.exit(f"experiments: no {name}; there are " + " ".join(p.stem for p in every))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--program", default=str(ROOT / "build" / "lnnflow"))
    parser.add_argument("--output", default=str(ROOT / "output"))
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    made = set()
    counts = [experiment(p, given.short, given.program, given.output, made)
              for p in chosen(given.names)]
    passed, failed, skipped = map(sum, zip(*counts))
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
