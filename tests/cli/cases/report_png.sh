#!/bin/bash
# exit 4: without a browser that works the page is there, and what to install is said
lnnflow run "$ROOT/odes/gradient_flow.yaml" -q -o flow.h5 >/dev/null
mkdir empty broken
for name in chromium chromium-browser google-chrome wkhtmltoimage; do
    printf '#!/bin/sh\nexit 3\n' >broken/$name
    chmod +x broken/$name
done
program=$(command -v lnnflow)
PATH=$PWD/empty TMPDIR=$PWD "$program" report flow.h5 -o first.html --png first.png
echo "exit code $?"
ls
PATH=$PWD/broken TMPDIR=$PWD "$program" report flow.h5 --png flow.png
