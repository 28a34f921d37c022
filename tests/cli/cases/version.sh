#!/bin/bash
# exit 0: versions of the program and its libraries
lnnflow --version >version && cmp version <(lnnflow -V) && cmp version <(lnnflow run --version)
sed 's/ [0-9].*//' version
