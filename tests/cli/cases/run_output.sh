#!/bin/bash
# exit 2: where the file goes; an existing one stays
mkdir in
cp "$CASES/small.yaml" in/a.b.yaml
lnnflow run in/a.b.yaml -q >out && ls
lnnflow run in/a.b.yaml -q --set output.file=c.h5 >out && ls in
lnnflow run in/a.b.yaml -q -o d.h5 >out && ls
sum=$(cksum d.h5)
lnnflow run in/a.b.yaml -q -o d.h5
code=$?
[ "$sum" = "$(cksum d.h5)" ] || echo 'the file was changed'
lnnflow run in/a.b.yaml -q -o d.h5 --force >out || echo 'not forced'
exit $code
