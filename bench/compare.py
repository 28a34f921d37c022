"""The benchmark: asks bench and peers.py for single runs, all candidates in turn and in
changing order, and writes the comparison. `compare.py BENCH PYTHON REPORT`; PYTHON: one
that has numpy, or ""."""
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

LIMIT = 3     # seconds a run may take
SLOW = 0.5    # a candidate that takes longer at its first rung skips every other rung
REPEATS = 15  # at most
TARGETS = (1e-6, 1e-9)
LADDER = (1e-4, 1e-6, 1e-8, 1e-10, 1e-12)
STEPS = (1e3, 1e4, 1e5, 1e6)
BASE = "rk8pd"
RIVALS = (BASE, "gsl")  # so near that they are measured more often
CASES = {  # name: (what it is, seconds of wall time for it, left out and why)
    "small": ("widths 10-10-10-10, Gaussian start, whitened data, T = 30", 30, {}),
    "wide": ("widths 32-32-32-32-32, Gaussian start, whitened data, T = 40", 80,
             {"msbdf": "its Jacobian has 4097^2 entries",
              "LSODA": "its Jacobian has 4097^2 entries"}),
    "ill": ("widths 16-16-16, Gaussian start, Lambda_xx of condition 1e4, T = 1e4", 105,
            {"gauss6": "not for stiff problems"}),
    "diabetes": ("odes/diabetes.yaml: widths 10-10-10-1, balanced start, T = 2000", 40,
                 {}),
}
CANDIDATES = {  # name: (title, which program, rungs)
    "rk8pd": ("lnnflow, rk8pd", "bench", LADDER),
    "gauss6": ("lnnflow, gauss with 6 stages", "bench", LADDER),
    "msbdf": ("lnnflow, msbdf", "bench", LADDER),
    "gsl": ("GSL driver, rk8pd", "bench", LADDER),
    "cvode_adams": ("CVODE Adams", "bench", LADDER),
    "cvode_bdf": ("CVODE BDF, GMRES, exact Jv", "bench", LADDER),
    "DOP853": ("scipy DOP853", "peers", LADDER),
    "LSODA": ("scipy LSODA", "peers", LADDER),
    "descent64": ("gradient descent, double, C", "bench", STEPS),
    "descent32": ("gradient descent, single, numpy", "peers", STEPS),
}


class Program:
    """bench or peers.py: one line asked, one answered."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE, bufsize=1)
        self.hello = self.process.stdout.readline().split()
        if self.hello[:1] != ["ready"]:
            sys.exit(f"bench: {command[0]} did not start")

    def ask(self, name, rung, n):
        self.process.stdin.write(f"{name} {rung:g} {n}\n")
        words = self.process.stdout.readline().split()
        if len(words) != 5:
            return words[0] if words else "died"
        return [float(word) for word in words]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Case:
    def __init__(self, name, bench, python, folder):
        self.title, self.budget, self.left_out = CASES[name]
        dump = os.path.join(folder, name)
        self.programs = {"bench": Program([bench, name, dump, str(LIMIT)])}
        hello = self.programs["bench"].hello
        self.unknowns, self.many, self.gap = int(hello[1]), int(hello[2]), float(hello[3])
        self.kernel = hello[5]
        self.notes = dict(self.left_out)
        if hello[4] == "0":
            self.absent(("cvode_adams", "cvode_bdf"), "SUNDIALS is not installed")
        if python:
            peers = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers.py")
            self.programs["peers"] = Program([python, peers, dump, str(LIMIT)])
            if self.programs["peers"].hello[1] == "none":
                self.absent(("DOP853", "LSODA"), "scipy is not installed")
        else:
            self.absent(("DOP853", "LSODA", "descent32"), "numpy is not installed")
        self.runs = {}  # (candidate, rung, samples): the answers

    def absent(self, names, why):
        self.notes.update({name: why for name in names})

    def ask(self, key):
        name, rung, n = key
        answer = self.programs[CANDIDATES[name][1]].ask(name, rung, n)
        if not isinstance(answer, str) and math.isfinite(answer[3]):
            self.runs.setdefault(key, []).append(answer)
        return answer

    def climb(self, name, n):
        """The first run of every rung, from the loosest, until one takes too long."""
        rungs = CANDIDATES[name][2]
        first = self.ask((name, rungs[0], n))
        slow = not isinstance(first, str) and first[2] > SLOW
        before = first
        for rung in rungs[2 if slow else 1::2 if slow else 1]:
            if before == "late":
                break
            if rungs is STEPS and not isinstance(before, str) and 10 * before[2] > LIMIT:
                break
            before = self.ask((name, rung, n))

    def measure(self):
        begin = time.monotonic()
        ladders = [(name, n) for name in CANDIDATES if name not in self.notes
                   for n in (2, self.many)
                   if n == 2 or CANDIDATES[name][2] is not STEPS]
        random.shuffle(ladders)
        for name, n in ladders:
            self.climb(name, n)
        level = 0.1  # the seconds each rung may have had; the quick ones come first
        while level < 10:
            keys = [key for key in self.runs if self.spent(key) < level]
            if not keys:
                level *= 2
            random.shuffle(keys)
            for key in keys:
                if time.monotonic() > begin + self.budget:
                    return
                self.ask(key)

    def spent(self, key):
        """Seconds this rung has had; endless when it has had its repeats."""
        runs = self.runs[key]
        share = 0.25 if key[0] in RIVALS else 1
        if len(runs) >= REPEATS:
            return math.inf
        return share * len(runs) * max(0.02, runs[0][2])

    def close(self):
        for program in self.programs.values():
            program.close()

    def seconds(self, key):
        """The quickest repeat: what else the machine does only ever adds."""
        return min(run[2] for run in self.runs[key])

    def ladder(self, name, n):
        """(largest error at the samples, seconds), from the loosest on, without the
        rungs that another beats in both."""
        points = sorted((-self.runs[key][0][4], self.seconds(key))
                        for key in self.runs if key[0] == name and key[2] == n)
        return [(-e, s) for e, s in points
                if not any(f >= e and r < s or f > e and r <= s for f, r in points)]

    def at_error(self, name, n, target):
        """Seconds for an error of at most target, and how that is known: "" between two
        rungs, "<" already the loosest rung is better, "~" first order extrapolated."""
        points = self.ladder(name, n)
        worse = [p for p in points if p[0] > target]
        better = [p for p in points if p[0] <= target]
        if worse and better:
            (e0, s0), (e1, s1) = worse[-1], better[0]
            share = math.log(e0 / target) / math.log(e0 / e1)
            return s0 * (s1 / s0) ** share, ""
        if better:
            return better[0][1], "<"
        if worse and name == "descent64":
            return worse[-1][1] * worse[-1][0] / target, "~"
        return None, ""


def figure(x):
    return f"{x:.0f}" if x >= 99.5 else f"{x:.2g}"


def milliseconds(x):
    return f"{1e3 * x:.3g} ms"


def table(rows):
    width = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, width)) + " |"
             for row in rows]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in width) + "|")
    return "\n".join(lines) + "\n"


def ratios(case):
    columns = [(n, target) for n in (2, case.many) for target in TARGETS]
    base = {c: case.at_error(BASE, *c)[0] for c in columns}
    rows = [["seconds / seconds of lnnflow's rk8pd"] +
            [f"{n} samples, error {target:g}" for n, target in columns]]
    fastest = {}
    for name, (title, _, _) in CANDIDATES.items():
        row = [title]
        for c in columns:
            seconds, mark = case.at_error(name, *c)
            if name == BASE:
                row.append(f"{mark}{milliseconds(base[c])} = 1" if base[c] else "-")
            elif name in case.notes or name.startswith("descent") and c[0] != 2:
                row.append("")
            else:
                known = seconds and base[c]
                row.append(mark + figure(seconds / base[c]) if known else "-")
            if seconds and (c not in fastest or seconds < fastest[c][0]):
                fastest[c] = seconds, title
        rows.append(row)
    rows.append(["fastest"] + [fastest[c][1] if c in fastest else "-" for c in columns])
    return table(rows)


def details(case):
    rows = [["candidate", "rung", "samples", "right-hand sides", "products", "runs",
             "median", "min .. max", "error at end", "largest at samples"]]
    order = list(CANDIDATES)
    for key in sorted(case.runs, key=lambda k: (k[2], order.index(k[0]), -k[1])):
        runs = case.runs[key]
        rhs, products, _, end, worst = runs[0]
        span = sorted(run[2] for run in runs)
        steps = CANDIDATES[key[0]][2] is STEPS
        rung = f"{key[1]:.0f} steps" if steps else f"{key[1]:g}"
        rows.append([CANDIDATES[key[0]][0], rung,
                     str(key[2]), f"{rhs:.0f}", f"{products:.0f}", str(len(runs)),
                     milliseconds(statistics.median(span)),
                     f"{milliseconds(span[0])} .. {milliseconds(span[-1])}",
                     f"{end:.1e}", f"{worst:.1e}"])
    return table(rows)


def report(cases):
    text = ["# lnnflow against its peers\n",
            "Read bench/README.md first. A ratio above 1: lnnflow's rk8pd is that much "
            "faster at equal\nerror. `<`: no looser tolerance was tried; "
            "`~`: extrapolated; `-`: not reached.\n",
            f"{processor()}, OpenBLAS kernels for {next(iter(cases.values())).kernel}; "
            f"load average {os.getloadavg()[0]:.1f} at the end.\n"]
    for name, case in cases.items():
        text.append(f"\n## {name}: {case.title}\n")
        text.append(f"{case.unknowns} unknowns; the reference is good to {case.gap:.0e}.")
        text += [f"{CANDIDATES[c][0]}: left out, {why}." for c, why in case.notes.items()]
        text.append("\n" + ratios(case))
    text.append("\n# Every rung\n")
    text += [f"\n## {name}\n\n{details(case)}" for name, case in cases.items()]
    return "\n".join(text)


def processor():
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines:
            names = (line for line in lines if "model name" in line)
            return next(names).split(": ")[1].strip()
    except (OSError, StopIteration, IndexError):
        return "unknown processor"


def main():
    bench, python, path = sys.argv[1:4]
    wanted = sys.argv[4:] or CASES
    cases = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted:
            print(f"bench: {name}", file=sys.stderr, flush=True)
            cases[name] = Case(name, bench, python, folder)
            cases[name].measure()
            cases[name].close()
    text = report(cases)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="ascii") as out:
        out.write(text)
    print(text)


main()
