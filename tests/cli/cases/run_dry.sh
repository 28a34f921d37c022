#!/bin/bash
# exit 0: the resolved problem is a problem, and resolves to itself
lnnflow run --dry-run "$CASES/small.yaml" --set time.samples=5 --set trajectories.rtol=1e-9 >a.yaml
lnnflow run --dry-run a.yaml >b.yaml
cmp a.yaml b.yaml
grep -E 'rtol|samples' a.yaml
ls
