#!/bin/bash
# exit 2: what report does not do (the last is a usage error), and nothing is lost by it
code() { "$@"; echo "exit code $?"; }
lnnflow run "$ROOT/odes/gradient_flow.yaml" -q -o flow.h5 >/dev/null
cp flow.h5 copy.h5
ln -s flow.h5 link.html
echo 'no HDF5' >text.h5
echo mine >flow.html
code lnnflow report missing.h5
code lnnflow report text.h5
code lnnflow report flow.h5
code lnnflow report flow.h5 -o nowhere/flow.html
code lnnflow report flow.h5 -o /dev/full
code lnnflow report flow.h5 -o flow.h5 --force
code lnnflow report flow.h5 -o link.html --force
code lnnflow report flow.h5 -o new.html --png flow.html
code lnnflow report flow.h5 -o new.html --size 800
code lnnflow report flow.h5 -o new.html --png new.png --size 80xx
code lnnflow report flow.h5 -o - --png new.png
code lnnflow report flow.h5 -o same.x --png same.x
cmp flow.h5 copy.h5
cat flow.html
ls
lnnflow report
