#!/bin/bash
# exit 2: --dry-run looks at the data and the start, too
cp "$CASES/small.yaml" .
lnnflow run -n small.yaml --set 'data={kind: csv, file: /nowhere/a.csv}'
echo "$?"
lnnflow run -n small.yaml --set 'network.widths=[3, 1, 2]'
echo "$?"
lnnflow run -n small.yaml --set 'network={widths: [50000, 1, 50000], factors: 2}' \
    --set 'data={kind: teacher}' --set 'init={kind: gaussian}'
