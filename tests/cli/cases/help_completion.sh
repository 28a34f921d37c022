#!/bin/bash
# exit 0: what bash offers
lnnflow help completion >script
# shellcheck source=/dev/null
source ./script
touch a.yaml b.h5 c.csv
mkdir folder
try() { # the words so far, the last one incomplete
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _lnnflow
    echo "$*: ${COMPREPLY[*]}"
}
try lnnflow ''
try lnnflow e
try lnnflow run --
try lnnflow run --dr
try lnnflow run ''
try lnnflow run -o ''
try lnnflow run --set time.s
try lnnflow run --set data.kind =
try lnnflow run --set data.kind = t
try lnnflow run --set global_error = ''
try lnnflow list st
try lnnflow help p
try lnnflow info ''
try lnnflow export x.h5 -o ''
try lnnflow export --output = ''
try lnnflow nothing ''
complete -p lnnflow
