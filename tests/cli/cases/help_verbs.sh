#!/bin/bash
# exit 0: every verb, both ways
for verb in run verify report info list export help; do
    lnnflow help $verb
    lnnflow $verb --help | cmp - <(lnnflow help $verb) || exit 1
done
