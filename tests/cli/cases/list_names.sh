#!/bin/bash
# exit 0: the lists are the families' own
names() { sed -n 's/^LNN_[A-Z]*(\([A-Za-z0-9_]*\)).*/\1/p' "$ROOT/$1"; }
lnnflow list systems --names | diff - <(names odes/odes.def)
lnnflow list steppers --names | diff - <(names src/steppers/steppers.def)
lnnflow list losses --names | diff - <(names src/losses/losses.def)
lnnflow list starts --names | diff - <(names src/inits/inits.def)
lnnflow list observables --names | diff - <(names src/observables/observables.def)
lnnflow list theorems --names | diff - <(names src/theorems/theorems.def)
lnnflow list starts losses --names | diff - <(names src/losses/losses.def; names src/inits/inits.def)
