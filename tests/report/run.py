#!/usr/bin/python3
"""Reports of every kind of file: run.py PROGRAM [-v] [KIND...]

Each page is well formed, asks for nothing from anywhere, and holds no coordinate that is no number.
In headless Chromium (skipped where there is none), light and dark, on a phone and on a screen: nothing
sticks out, no texts overlap, every chart has something drawn in it, keyboard, pointer, legend and filter
work. The last line counts; -v says how long each page took and how large it is.
"""
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

try:
    import numpy as np

    import files
    import pixels
except ImportError as missing:
    print(f"report: {missing}; make setup installs it")
    sys.exit(77)

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VOID = {"meta", "br", "hr", "img", "input", "link"}
OPTIONAL = {"td", "th", "li", "tr"}  # HTML lets their ends be left out
REQUESTS = re.compile(r"https?://|\bsrc\s*=|\burl\s*\(|@import|<link|<iframe|<object|<embed|fetch\(|"
                      r"XMLHttp|WebSocket|sendBeacon|import\(", re.I)
counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(good, what):
    counts["passed" if good else "failed"] += 1
    if not good:
        print("report: FAILED:", what)
    return good


class Nesting(HTMLParser):
    """Every element ends where it should."""

    def __init__(self):
        super().__init__()
        self.open, self.faults, self.tags, self.ids = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [value for key, value in attrs if key == "id"]
        if tag in OPTIONAL and self.open and self.open[-1] in ("td", "th"):
            if tag in ("td", "th", "tr"):
                self.open.pop()
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [value for key, value in attrs if key == "id"]

    def handle_endtag(self, tag):
        while self.open and self.open[-1] != tag and self.open[-1] in OPTIONAL:
            self.open.pop()
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")


def own_words(page):
    """The page without what came from the file: texts and quoted values."""
    return re.sub(r">[^<]*<(?!/style|/script)", "><", page)


def check_static(name, page):
    nesting = Nesting()
    nesting.feed(page)
    check(not nesting.faults and not nesting.open, f"{name}: {nesting.faults[:3]} {nesting.open[:5]}")
    check(len(nesting.ids) == len(set(nesting.ids)), f"{name}: an id twice")
    check(nesting.tags.count("script") == 1, f"{name}: {nesting.tags.count('script')} scripts")
    found = REQUESTS.search(own_words(page))
    check(not found, f"{name}: asks for something: {found and page[found.start() - 40:found.end() + 40]}")
    pictures = re.findall(r"<svg\b.*?</svg>", page, re.S)
    trees = []
    try:
        trees = [ET.fromstring(picture) for picture in pictures]
    except ET.ParseError as error:
        check(False, f"{name}: {error}")
    charts = [tree for tree in trees if tree.get("class") == "chart"]
    numbers = [value for tree in trees for part in tree.iter() for key, value in part.items()
               if key in ("d", "x", "y", "viewBox", "data-box", "data-x", "data-y")]
    bad = [value for value in numbers if re.search(r"nan|inf", value)]
    check(not bad, f"{name}: {bad[:2]}")
    for tree in charts:
        named = tree.get("aria-labelledby", "").split()
        there = [part.get("id") for part in tree if part.tag in ("title", "desc") and part.text]
        check(tree.get("role") == "img" and named == there, f"{name}: a chart without name: {named}")
    return len(charts)


def chromium():
    for program in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(program)
        if path:
            return path
    return None


def browse(work, dark, *arguments):
    command = [chromium(), "--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
               "--disable-extensions", "--disable-dev-shm-usage", "--force-device-scale-factor=1",
               "--virtual-time-budget=20000", f"--user-data-dir={work}/profile",
               f"--blink-settings=preferredColorScheme={0 if dark else 1}", *arguments]
    if os.geteuid() == 0:
        command.append("--no-sandbox")
    environment = dict(os.environ, HOME=str(work))
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)


def frames(work, name, pages):
    """A page with the reports side by side: [(title, width, page)]."""
    body = "".join(f'<iframe name="{title}" width="{width}" height="3000" '
                   f'srcdoc="{html.escape(page)}"></iframe>' for title, width, page in pages)
    style = "body{margin:0;white-space:nowrap}iframe{border:0;vertical-align:top}"
    path = work / f"{name}.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8><style>{style}</style>{body}"
                    f"<script>{(HERE / 'measure.js').read_text()}</script>")
    return path


def measured(work, path, width, dark):
    done = browse(work, dark, f"--window-size={width},2000", "--dump-dom", path.as_uri())
    found = re.search(r'<pre id="result">(.*?)</pre>', done.stdout, re.S)
    if not check(found, f"{path.name}: nothing measured: {done.stderr[-300:]}"):
        return []
    result = json.loads(html.unescape(found[1]))
    return result if check(isinstance(result, list), f"{path.name}: {result}") else []


def check_pixels(work, path, results, width, dark):
    """In the box of every chart something else than paper and grid is drawn."""
    height = int(max(chart["box"][3] for one in results for chart in one["charts"])) + 20
    shot = work / "shot.png"
    browse(work, dark, f"--window-size={width},{height + 200}", f"--screenshot={shot}", path.as_uri())
    if not check(shot.exists(), f"{path.name}: no screenshot"):
        return
    image = pixels.read(shot)[:, :, :3].astype(int)
    shot.unlink()
    for one in results:
        paper = np.array([int(word) for word in re.findall(r"\d+", one["paper"])[:3]])
        check((paper.max() < 60) == dark, f"{one['name']}: paper {paper}, dark {dark}")
        for chart in one["charts"]:
            left, right, top, bottom = (int(round(value)) for value in chart["box"])
            part = image[top:bottom, left:right]
            colour = part.max(axis=2) - part.min(axis=2)  # grid and paper are grey
            drawn = (abs(part - paper).max(axis=2) > 60) & (colour > 40)
            columns = drawn.any(axis=0).mean()
            check(drawn.mean() > 2e-4 and columns > 0.01,
                  f"{one['name']}: {chart['title']} is empty: {drawn.mean():.2g} of the box")


def check_browser(work, pages):
    """Every page on a screen and on a phone; the demo dark too, and pixel by pixel."""
    every = [(f"{name} {width}", width, page) for width in (1280, 360) for name, page in pages.items()]
    demo = [row for row in every if row[0].startswith("demo ")]
    for one in measured(work, frames(work, "all", every), 4000, False):
        check(not one["faults"], f"{one['name']}: {one['faults'][:4]}")
        check(one["charts"] == [] or one["font"] > 8, f"{one['name']}: letters of {one['font']}")
    for dark in (False, True):
        path = frames(work, "dark" if dark else "light", demo)
        results = measured(work, path, 1640, dark)
        for one in results:
            check(one["dark"] == dark, f"{one['name']}: dark is {one['dark']}, not {dark}")
        if results:
            check_pixels(work, path, results, 1640, dark)


def check_picture(program, work, source):
    """--png: the whole page and nothing but it."""
    target = work / "picture.png"
    done = subprocess.run([program, "report", source, "-o", work / "picture.html", "--png", target],
                          capture_output=True, text=True)
    if not check(done.returncode == 0 and target.exists(), f"--png: {done.stderr}"):
        return
    image = pixels.read(target)
    check(image.shape[1] == 1280, f"--png: {image.shape}")
    rows = np.flatnonzero((image != image[-1, -1]).any(axis=(1, 2)))
    below = image.shape[0] - rows[-1]
    check(8 < below < 80, f"--png: {below} empty rows below the last line")


def make_pages(program, work):
    """{name: page} of all files alone, and of some compared."""
    paths = files.make(work)
    paths["demo"] = work / "demo.h5"
    subprocess.run([program, "run", ROOT / "odes/diabetes.yaml", "-q", "-o", paths["demo"]],
                   check=True, stdout=subprocess.DEVNULL)
    groups = {name: [path] for name, path in paths.items()}
    groups["compared"] = [paths["demo"], paths["plain"], paths["unfinished"]]
    pages, charts = {}, {}
    for name, inputs in groups.items():
        target, start = work / f"{name}-report.html", time.time()
        done = subprocess.run([program, "report", *inputs, "-o", target], capture_output=True, text=True)
        if not check(done.returncode == 0, f"{name}: exit code {done.returncode}: {done.stderr}"):
            continue
        pages[name] = target.read_text(encoding="utf-8")
        charts[name] = check_static(name, pages[name])
        if "-v" in sys.argv:
            print(f"{name}: {time.time() - start:.2f} s, {len(pages[name]) / 1e3:.0f} kB, {charts[name]} charts")
    return paths, pages, charts


def check_contents(pages, charts):
    check(charts["demo"] >= 12 and charts["holes"] >= 5, charts)
    check(charts["no_rows"] == 0 and "No row" in pages["no_rows"], "no_rows")
    check("not complete" in pages["unfinished"], "unfinished is not said")
    check("no theorem was judged" in pages["no_weights"], "no_weights does not say why")
    check("&lt;script&gt;alert(1)" in pages["weird"], "the title is not there, or not escaped")
    check("caf\u00e9" in pages["bytes_title"], "Latin-1 title")
    check(">5<" in pages["long"].replace("\n", "<"), "the spike is not among the numbers")
    check(pages["many"].count("run_199") > 2, "a trajectory of 200 is missing")
    check("adam, point 2" in pages["search"], "the grid's series")
    check("balancedness_preserved" in pages["demo"] and "Layers against" in pages["demo"], "demo")
    check("demo.h5: gradient_flow" in pages["compared"] and "plain.h5" in pages["compared"], "compared")
    sizes = {name: len(page) for name, page in pages.items()}
    check(sizes["long"] < 6e5 and sizes["many"] < 5e6, f"pages grow with the rows: {sizes}")


def main():
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        paths, pages, charts = make_pages(program, work)
        check_contents(pages, charts)
        if chromium():
            chosen = [name for name in pages if name in sys.argv[2:]] or list(pages)
            check_browser(work, {name: pages[name] for name in chosen})
            check_picture(program, work, paths["demo"])
        else:
            print("report: no chromium; make setup ci installs it")
            counts["skipped"] += 1
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return counts["failed"] > 0


sys.exit(main())
