#!/bin/bash
# exit 0: every name has its text, in 80 columns
lnnflow list >all
awk 'length > 80 || / $/' all
lnnflow list --names | grep -v '[.]' | while read -r name; do
    grep -qE "^  $name( +[^ ]|: )" all || echo "$name has no text"
done
