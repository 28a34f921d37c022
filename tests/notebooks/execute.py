#!/usr/bin/python3
"""Executes the notebooks on small versions, without a display: execute.py PROGRAM [NAME...]

Each must run to its end, begin with the command that makes its file, show a picture and end with
verdicts. Half of them are started from notebooks/, the others from the root. With LNN_PICTURES
set to a folder the pictures are left there.
"""
import base64
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "notebooks"))

try:
    import ipykernel  # noqa: F401
    import lnnflow  # noqa: F401
    import matplotlib  # noqa: F401
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
except ImportError as missing:
    print(f"notebooks: {missing}; tests/setup.sh ci installs it")
    sys.exit(77)


def texts(cell):
    """What a cell has printed."""
    return "".join(o.get("text", "") for o in cell.get("outputs", ()))


def pictures(cells):
    return [o["data"]["image/png"] for c in cells for o in c.outputs
            if "image/png" in o.get("data", {})]


def lacks(path, folder):
    """Executes; yields what is wrong."""
    book = nbformat.read(path, as_version=4)
    client = NotebookClient(book, timeout=300, kernel_name="python3",
                            resources={"metadata": {"path": str(folder)}})
    try:
        client.execute()
    except CellExecutionError as error:
        yield str(error)[-2000:]
        return
    code = [c for c in book.cells if c.cell_type == "code"]
    shown = pictures(code)
    if book.cells[0].cell_type != "markdown" or not re.search("lnnflow (run|sweep)", book.cells[0].source):
        yield "does not begin with the command that makes its file"
    if not re.search(r"^\$ \S+ (run|sweep) ", texts(code[0]), re.M):
        yield "its first code cell runs nothing"
    if not shown:
        yield "shows no picture"
    if "verdict" not in texts(code[-1]) or "error bar" not in texts(code[-1]):
        yield "does not end with verdicts"
    if any(o.get("name") == "stderr" for c in code for o in c.outputs):
        yield "writes to stderr: " + "".join(texts(c) for c in code if any(
            o.get("name") == "stderr" for o in c.outputs))[-1000:]
    if os.environ.get("LNN_PICTURES"):
        for i, png in enumerate(shown):
            Path(os.environ["LNN_PICTURES"], f"{path.stem}_{i}.png").write_bytes(base64.b64decode(png))


def absent(path):
    """Problem files that the notebook starts and that are not there."""
    names = re.findall(r'start\(\\?"(\w+)\\?"\)', path.read_text(encoding="utf-8"))
    return [n for n in names if not (ROOT / "notebooks" / "problems" / f"{n}.yaml").exists()]


def main():
    os.environ.update(LNN_SHORT=os.environ.get("LNN_SHORT", "1"), LNNFLOW=sys.argv[1],
                      PYDEVD_DISABLE_FILE_VALIDATION="1")
    os.environ.pop("MPLBACKEND", None)  # the kernel's own
    passed = failed = skipped = 0
    books = sorted((ROOT / "notebooks").glob("*.ipynb"))
    for i, path in enumerate(b for b in books if not sys.argv[2:] or b.stem in sys.argv[2:]):
        if absent(path):
            print(f"{path.name}: skipped: no problem file {', '.join(absent(path))}")
            skipped += 1
            continue
        wrong = list(lacks(path, ROOT / "notebooks" if i % 2 else ROOT))
        for what in wrong:
            print(f"{path.name}: FAILED: {what}")
        passed, failed = passed + (not wrong), failed + bool(wrong)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return failed > 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main())
