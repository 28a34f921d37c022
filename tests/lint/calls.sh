#!/bin/bash
# What may be called where: one row a law. Comments and strings do not count.
set -u
cd "$(dirname "$0")/../.." || exit 2
code=$(mktemp) || exit 2
trap 'rm -f "$code"' EXIT
find src odes include -name '*.[ch]' -exec awk -f tests/lint/code.awk {} + >"$code"
status=0

only_in() { # files that may; the pattern they may; what to say
    if grep -E "^[^:]*:[0-9]+:(.*[^A-Za-z0-9_])?($2)" "$code" | grep -vE "^($1):" |
        cut -d: -f1,2 | sed "s/\$/: $3/" | grep .; then status=1; fi
}

only_in 'src/(h5|trajectory_)[^/]*' 'H5[A-Z]+[a-z_0-9]+ *\(|#include *<hdf5' \
    'HDF5 is called in src\/h5*.c and src\/trajectory_*.c only'
only_in 'src/problem[^/]*' 'yaml_[a-z_]+ *\(|#include *<yaml' \
    'libyaml is called in src\/problem*.c only'
only_in 'src/rng[^/]*' 'gsl_ran_[a-z_0-9]+ *\(|gsl_rng_(alloc|set|get|uniform[a-z_]*) *\(|s?rand(om)? *\(|[dlm]rand48 *\(' \
    'random numbers are drawn in src\/rng.c only'
only_in 'src/cli/.*' \
    'v?f?printf *\(|v?dprintf *\(|f?puts *\(|f?putc *\(|putchar *\(|perror *\(|stdout|stderr' \
    'only src\/cli prints'
only_in 'src/cli/.*' '_?exit *\(|_Exit *\(|quick_exit *\(|abort *\(|assert *\(' \
    'only src\/cli ends the program'
only_in '-' 'gets *\(|v?sprintf *\(|atof *\(|atoi *\(' \
    'this call cannot see its own failure'
exit $status
