#!/bin/bash
# exit 2: options that are unknown, lack a value, or have one too many
lnnflow run x.yaml --outptu y.h5
lnnflow run x.yaml -z
lnnflow run x.yaml -qz
lnnflow run x.yaml --set
lnnflow run x.yaml -o
lnnflow run x.yaml --force=yes
