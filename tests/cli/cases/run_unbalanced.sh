#!/bin/bash
# exit 0: an unbalanced start is named as the reason of the gap
lnnflow run "$CASES/small.yaml" -q --set 'init={kind: gaussian, scale: 0.5}' >out
tr -s ' \n' '  ' <out | grep -o 'disagree.*not balanced (||C|| = [0-9.]*)' | sed 's/with.*is/.../; s/and.*is/.../'
