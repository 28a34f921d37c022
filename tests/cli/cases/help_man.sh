#!/bin/bash
# exit 0: the man page renders without a warning and names verbs, options and keys
command -v groff >/dev/null || exit 77
lnnflow help man >lnnflow.1
groff -man -Tascii -ww lnnflow.1 >page
for word in 'lnnflow run' 'lnnflow export' '[-]-dry-run' '[-]-group' trajectories.rtol \
    'EXIT STATUS' 'W_N'; do
    sed 's/.\x08//g' page | grep -q -- "$word" || echo "$word is missing"
done
