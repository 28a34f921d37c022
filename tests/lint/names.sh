#!/bin/bash
# Each member of a family stands in the family's list and the other way round; it says its
# own name; each system has its smallest problem beside it.
set -u
cd "$(dirname "$0")/../.." || exit 2
status=0
say() { echo "$*" && status=1; }

for list in src/*/*.def odes/*.def; do
    [ -e "$list" ] || continue
    folder=$(dirname "$list")
    family=$(sed -n 's/^LNN_\([A-Z]*\)(.*/\1/p' "$list" | head -n 1 | tr '[:upper:]' '[:lower:]')
    listed=$(sed -n 's/^LNN_[A-Z]*(\([A-Za-z0-9_]*\)).*/\1/p' "$list")
    pattern="^const struct lnn_${family} lnn_${family}_[A-Za-z0-9_]* *="
    defined=$(grep -hoE "$pattern" "$folder"/*.c 2>/dev/null | sed "s/.* lnn_${family}_//; s/ *=//")
    for name in $listed; do
        grep -qx "$name" <<<"$defined" ||
            say "$list:$(grep -n "($name)" "$list" | cut -d: -f1): no file in $folder defines lnn_${family}_$name"
        [ "$(grep -cx "$name" <<<"$listed")" = 1 ] || say "$list:1: $name stands there twice"
    done
    for name in $defined; do
        place=$(grep -nE "^const struct lnn_${family} lnn_${family}_$name *=" "$folder"/*.c /dev/null |
            head -n 1 | cut -d: -f1,2)
        grep -qx "$name" <<<"$listed" || say "$place: $name is not in $list"
        grep -qE "\.name = \"$name\"" "${place%:*}" || say "$place: .name is not \"$name\""
    done
done
while IFS=: read -r line name; do
    [ -e "odes/$name.yaml" ] || say "odes/odes.def:$line: odes/$name.yaml is missing"
done < <(grep -noE '^LNN_ODE\([a-z0-9_]+' odes/odes.def | sed 's/LNN_ODE(//')
exit $status
