#!/bin/bash
# exit 0: --json is JSON with the fields that help file names, and says what the table says
command -v python3 >/dev/null || exit 77
lnnflow run "$CASES/small.yaml" -q -o 'a "b".h5' >out || exit
lnnflow verify 'a "b".h5' --json >json || exit
python3 -m json.tool json >/dev/null || exit
lnnflow verify 'a "b".h5' >table
lnnflow help file | sed -n '/--json prints/,/^Numbers/p' >fields
python3 - <<'PYTHON'
import json
import re
found = json.load(open("json"))
seen = set()
words = set(open("fields").read().replace(",", " ").replace("{", " ").replace("}", " ").split())
print(found["format"], found["file"], found["complete"], sum(found["counts"].values()) == len(found["findings"]))
for item in [found, *found["findings"], *(h for f in found["findings"] for h in f["hypotheses"] + f["figures"])]:
    for key in set(item) - words:
        print(key, "is not in help file")
    seen |= set(item)
for names in re.findall(r"^ {2,4}([a-z_]+(?:, [a-z_]+)*) ", open("fields").read(), re.M):
    for key in set(names.split(", ")) - seen:
        print(key, "is in help file and not in the JSON")
rows = [r.split() for r in open("table") if not r.startswith(" ")][1:-1]
for row, f in zip(rows, found["findings"]):
    if row[:2] != [f["theorem"], f["trajectory"]] or not " ".join(row[2:4]).startswith(f["verdict"]):
        print(row, f["verdict"])
print(len(rows) == len(found["findings"]))
PYTHON
