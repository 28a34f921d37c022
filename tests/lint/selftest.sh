#!/bin/bash
# Each lint is silent on a small sound tree and names file and line in a broken one.
set -u
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
status=0

put() { # path; text from stdin
    mkdir -p "$(dirname "$tree/$1")" && cat >"$tree/$1"
}

sound() { # the tree as it should be
    rm -rf "${tree:?}"/*
    mkdir -p "$tree/tests" "$tree/.ci" "$tree/src" "$tree/odes"
    cp -r "$here" "$tree/tests/lint" && rm "$tree/tests/lint/selftest.sh"
    cp "$here/../../.clang-format" "$tree"
    put Makefile <<<'all:'
    put README.md <<<'# A tree'
    printf '#!/bin/bash\ntrue\n' >"$tree/.ci/run"
    put include/lnnflow.h <<'C'
/* All. */
#include "lnn/a.h"
#include "lnn/thing.h"
#include "lnn/ode.h"
#include "lnn/z.h"
C
    put include/lnn/a.h <<<$'/* A. */\nint lnn_a(void);'
    put include/lnn/thing.h <<'C'
/* Thing. */
#ifndef LNN_THING_H
#define LNN_THING_H
#include "lnn/a.h"
struct lnn_thing {
    const char *name;
};
#endif
C
    put include/lnn/ode.h <<<$'/* Ode. */\n#include "lnn/thing.h"'
    put include/lnn/z.h <<<$'/* Z. */\n#include "lnn/thing.h"'
    put src/a.c <<<$'/* A: exit(1) and H5Fopen() in a comment. */\n#include "lnn/a.h"'
    put src/thing.c <<<$'/* Thing. */\n#include "lnn/thing.h"\n#include "things/things.def"'
    put src/z_part.c <<<$'/* Z. */\n#include "lnn/z.h"\nconst char *lnn_z = "printf(yaml_parser_load())";'
    put src/things/things.def <<<$'/* All. */\nLNN_THING(one)\nLNN_THING(two)'
    for name in one two; do
        put src/things/$name.c <<<$'/* It. */\n#include "lnn/thing.h"\n\nconst struct lnn_thing lnn_thing_'$name$' = {\n    .name = "'$name$'",\n};'
    done
    put odes/odes.def <<<$'/* All. */\nLNN_ODE(flow)'
    put odes/flow.c <<<$'/* Flow. */\n#include "lnn/ode.h"\nconst struct lnn_ode lnn_ode_flow = {.name = "flow"};'
    put odes/flow.yaml <<<'title: flow'
    put src/cli/main.c <<<$'/* Main. */\n#include <stdio.h>\n#include "lnnflow.h"\n\nint main(void)\n{\n    return puts("");\n}'
}

expect() { # lint, the start of a finding; the tree has just been broken
    if ! "$tree/tests/lint/$1.sh" 2>&1 | grep -qF -- "$2"; then
        echo "tests/lint/$1.sh:1: does not see what is broken in the self test: $2"
        "$tree/tests/lint/$1.sh" 2>&1 | head -n 3
        status=1
    elif "$tree/tests/lint/$1.sh" >/dev/null 2>&1; then
        echo "tests/lint/$1.sh:1: says $2 and exits with 0"
        status=1
    fi
    sound
}

add() { # path; lines appended
    printf '%b\n' "$2" >>"$tree/$1"
}

sound
for lint in "$tree"/tests/lint/*.sh; do
    if out=$("$lint" 2>&1) && [ -z "$out" ]; then continue; fi
    echo "tests/lint/$(basename "$lint"):1: not silent on a sound tree: $out"
    status=1
done

add src/a.c '#include "lnn/z.h"';             expect include_law src/a.c:3
add include/lnn/a.h '#include "lnn/thing.h"'; expect include_law include/lnn/a.h:3
add src/z_part.c '#include "lnnflow.h"';      expect include_law src/z_part.c:4
add src/things/one.c '#include "two.c"';      expect include_law src/things/one.c:7
add src/things/one.c '#include "lnn/ode.h"';  expect include_law src/things/one.c:7
add src/b.c '#include "lnn/a.h"';             expect include_law src/b.c:1
add src/z_own.h '/* Own. */'
add src/a.c '#include "z_own.h"';             expect include_law src/a.c:3
add src/things/two.h '/* Own. */'
add src/things/one.c '#include "two.h"';      expect include_law src/things/one.c:7

add src/a.c 'hid_t f = H5Fopen(n);';          expect calls src/a.c:3
add src/a.c 'int i = yaml_parser_load(p);';   expect calls src/a.c:3
add odes/flow.c 'double x = gsl_ran_gaussian(r, 1);'; expect calls odes/flow.c:4
add src/a.c '/* a\n */ int i = printf("x");'; expect calls src/a.c:4
add src/a.c 'void f(void)\n{\n    exit(1);\n}'; expect calls src/a.c:5
add src/a.c 'void f(void)\n{\n    abort();\n}'; expect calls src/a.c:5
add src/cli/main.c 'int i = sprintf(a, b);';  expect calls src/cli/main.c:9

add src/things/things.def 'LNN_THING(three)'; expect names src/things/things.def:4
sed -i /two/d "$tree/src/things/things.def";  expect names src/things/two.c:4
sed -i s/\"two/\"zwei/ "$tree/src/things/two.c"; expect names src/things/two.c:4
rm "$tree/odes/flow.yaml";                    expect names odes/odes.def:2

add include/lnn/b.h '/* B. */';               expect headers include/lnn/b.h:1
add include/lnn/z.h 'int lnn_y(size_t n);';   expect headers include/lnn/z.h:1
add include/lnn/z.h 'int lnn_new(int new);';  command -v g++ >/dev/null && expect headers include/lnn/z.h:1
sound

add src/a.c "void f(void)\n{$(printf '\\n    ;%.0s' {1..38})\n}"; expect sizes src/a.c:3
add src/a.c "$(printf '\\n;%.0s' {1..400})";  expect sizes src/a.c:1
add src/a.c "int a$(printf '%.0sa' {1..90});"; expect sizes src/a.c:3

add src/a.c '/* TO''DO: more */';             expect words src/a.c:3
add README.md 'See /ho''me/me/x.';            expect words README.md:2
add README.md 'Ask me''@example.org.';        expect words README.md:2
add Makefile '# made in a ses''sion';         expect words Makefile:2

add src/a.c '\tint i;';                       expect text src/a.c:3
add src/a.c 'int i; ';                        expect text src/a.c:3
add src/a.c '/* \xc3\xa9 */';                 expect text src/a.c:3
put src/a.c <<<'int i;';                      expect text src/a.c:1
printf '/* A. */' >"$tree/src/a.c";           expect text src/a.c:1
if command -v clang-format >/dev/null; then
    add src/a.c 'int  i ;';                   expect text src/a.c:3
fi
exit $status
