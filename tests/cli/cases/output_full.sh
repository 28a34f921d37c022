#!/bin/bash
# exit 4: a full disk is no success
[ -e /dev/full ] || exit 77
lnnflow list >/dev/full
echo $?
lnnflow run "$CASES/small.yaml" -q -o a.h5 >/dev/full
echo $?
lnnflow export a.h5 -g end_to_end -o /dev/full
echo $?
lnnflow export a.h5 -g end_to_end >/dev/full
