#!/bin/bash
# exit 2: --dry-run looks at the data and the start, too
lnnflow run -n "$CASES/small.yaml" --set 'data={kind: csv, file: /nowhere/a.csv}'
echo "$?"
lnnflow run -n "$CASES/small.yaml" --set 'network.widths=[3, 1, 2]'
