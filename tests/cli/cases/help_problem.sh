#!/bin/bash
# exit 0: every key is there, and the example is a problem
lnnflow help problem >text || exit
sed -n 's/^LNN_KEY(\([a-z]*\), \([a-z_0-9]*\),.*/\1.\2/p
    s/^LNN_LIST_KEY(\([a-z]*\), \([a-z_0-9]*\),.*/\1.\2/p
    s/^LNN_ROOT_KEY(\([a-z_]*\),.*/\1/p' "$ROOT/include/lnn/problem.def" >keys
[ "$(wc -l <keys)" -gt 40 ] || echo 'problem.def does not look as it used to'
while read -r key; do grep -q "^  $key: " text || echo "$key is missing"; done <keys
lnnflow list keys --names | cmp - keys
sed '1,/^Example:/d' text >example.yaml
lnnflow run -n example.yaml >a && lnnflow run -n - <a >b && cmp a b
awk 'length > 80' text
