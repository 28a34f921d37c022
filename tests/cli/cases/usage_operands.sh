#!/bin/bash
# exit 2: arguments that are missing or too many
lnnflow run
lnnflow run a.yaml b.yaml
lnnflow info
lnnflow export
lnnflow help run info
