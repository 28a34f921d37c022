#!/bin/bash
# exit 0: the file knows the problem and the command that makes it again
cp "$CASES/small.yaml" a.yaml
lnnflow run a.yaml -qo a.h5 --set "title=it's" >out
lnnflow info a.h5 | grep ^command
lnnflow info a.h5 --problem | cmp - a.yaml
