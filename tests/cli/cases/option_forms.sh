#!/bin/bash
# exit 0: all ways to write an option mean the same
ways=0
for way in '-o x.h5 -f' '-ox.h5 -f' '-fo x.h5' '-fqox.h5' '--output x.h5 --force' \
    '--force --output=x.h5'; do
    rm -f x.h5
    # shellcheck disable=SC2086 # several words
    lnnflow run $way "$CASES/small.yaml" -q >out && [ -s x.h5 ] && ways=$((ways + 1))
done
echo "$ways ways"
