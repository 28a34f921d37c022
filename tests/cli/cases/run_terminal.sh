#!/bin/bash
# exit 143: one rewritten line on a terminal, wiped at the end
script -qec true /dev/null >/dev/null 2>&1 || exit 77 # none, or no pseudo-terminal
export TERM=xterm
run="timeout --foreground -k 60 --preserve-status -s TERM 2 lnnflow run '$CASES/long.yaml'"
script -qec "stty cols 120; $run -o a.h5 >out" log >/dev/null
code=$?
line='\rgradient_descent  t [^\n]* steps/s\x1b\[K'
grep -qP "$line$line" log || echo 'not rewritten'
grep -qP "$line\r\x1b\[K" log || echo 'not wiped'
[ "$(grep -c steps/s log)" = 1 ] || echo 'more than one line'
exit $code
