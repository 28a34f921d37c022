#!/bin/bash
# Notebooks are kept as they are written, not as they ran: format 4, no outputs, no
# execution counts, the plain kernel, one-space indent. --strip FILE... makes them so.
set -u
cd "$(dirname "$0")/../.." || exit 2
command -v /usr/bin/python3 >/dev/null || exit 0
/usr/bin/python3 - "$@" <<'E2'
import glob
import json
import sys

KERNEL = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python",
                         "name": "python3"}, "language_info": {"name": "python"}}


def stripped(book):
    cells = []
    for cell in book["cells"]:
        kept = {"cell_type": cell["cell_type"], "metadata": {}, "source": cell["source"]}
        if cell["cell_type"] == "code":
            kept.update(execution_count=None, outputs=[])
        cells.append(kept)
    book = {"cells": cells, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


strip = sys.argv[1:2] == ["--strip"]
status = 0
for path in sys.argv[2:] if strip else sorted(glob.glob("notebooks/*.ipynb")):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    wanted = stripped(json.loads(text))
    if strip:
        with open(path, "w", encoding="utf-8") as file:
            file.write(wanted)
    elif text != wanted:
        print(f"{path}:1: holds outputs or another format: tests/lint/notebooks.sh --strip {path}")
        status = 1
sys.exit(status)
E2
