#!/bin/bash
# exit 0: the page is beside the file, holds what it should, and asks for nothing
lnnflow run "$ROOT/odes/gradient_flow.yaml" -q -o flow.h5 --set 'title=<b>bold</b> & "quoted"' >/dev/null
lnnflow report flow.h5
lnnflow report flow.h5 -o - | cmp - flow.html && echo 'the same on stdout'
grep -c '<svg class="chart"' flow.html | sed 's/^[1-9][0-9]*$/charts/'
grep -o '<h1 .*</h1>' flow.html
grep -oiE '(https?:|src=|url\(|@import)' flow.html | sort -u
grep -c 'balancedness_preserved</a>' flow.html
lnnflow report flow.h5 flow.h5 -o two.html
ls
