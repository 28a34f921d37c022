#!/bin/bash
# exit 0: verdicts in the file: their JSON is that of --json, info shows them, nothing else changes
lnnflow run "$CASES/small.yaml" -q -o a.h5 >out || exit
cp a.h5 before.h5
chmod 640 a.h5
lnnflow verify a.h5 >table || exit
lnnflow verify a.h5 --json >json || exit
lnnflow verify a.h5 --store >stored || exit
diff table stored | sed 1d
lnnflow info a.h5 --verdicts | cmp - json
lnnflow info a.h5 | sed -n 's/^verdicts *\(.*\), by lnnflow.*/\1/p' | cmp - <(tail -n 1 table)
# again, through a link, with other output: one set, the same
ln -s a.h5 link.h5
lnnflow verify link.h5 --store --json | sed 's/link\.h5/a.h5/' | cmp - json
[ -L link.h5 ] || echo 'the link was replaced'
stat -c %a a.h5
lnnflow info a.h5 --verdicts | grep -c '"theorem"' | cmp - <(grep -c '"theorem"' json)
lnnflow verify a.h5 --json | cmp - json
lnnflow export a.h5 -g gradient_flow | cmp - <(lnnflow export before.h5 -g gradient_flow)
ls
command -v h5diff >/dev/null || exit 0
h5diff --exclude-path /verdicts before.h5 a.h5
