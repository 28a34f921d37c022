#!/bin/bash
# exit 4: what is not stored: the exit code says so, and the file stays as it is
lnnflow run "$CASES/small.yaml" -q -o a.h5 >out || exit
sum=$(cksum <a.h5)
refused() { # exit code, then a command
    local want=$1 code
    shift
    "$@" >out
    code=$?
    [ $code = "$want" ] || echo "exit code $code, not $want"
    [ "$sum" = "$(cksum <a.h5)" ] || echo 'the file was changed'
    [ ! -e a.h5.tmp ] || echo 'a copy is left'
}
refused 2 lnnflow verify a.h5 gradient_flow --store
refused 2 lnnflow verify a.h5 -t balancedness_preserved --store
refused 2 lnnflow info a.h5 --verdicts
refused 4 lnnflow verify missing.h5 --store
echo text >b.h5
lnnflow verify b.h5 --store 2>err
echo "$?, $(grep -c 'cannot read b.h5' err), $(cat b.h5)"
# a full disk, before and while HDF5 writes: blocks of 1024 bytes
size=$(($(stat -c %s a.h5) / 1024))
for limit in 1 $((size / 2)) $((size + 2)); do
    (ulimit -f $limit && lnnflow verify a.h5 --store >/dev/null)
    refused 0 true
done
lnnflow verify a.h5 --store >out || exit
lnnflow export a.h5 -g verdicts
echo $?
lnnflow run "$CASES/small.yaml" -q -o c.h5 --set 'trajectories=[{system: gradient_flow, name: verdicts}]'
echo $?
exit 4
