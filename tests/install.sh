#!/bin/bash
# An installation serves a stranger: a program is compiled against it by its pkg-config
# file alone, with the shared and the static library, and everything goes away again.
set -eu
cd "$(dirname "$0")/.."
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
make -s install DESTDIR="$root" PREFIX=/usr >/dev/null
for file in bin/lnnflow lib/liblnnflow.so.0 include/lnnflow.h share/man/man1/lnnflow.1 \
    share/bash-completion/completions/lnnflow; do
    [ -s "$root/usr/$file" ] || { echo "install: $file is missing or empty" && exit 1; }
done
"$root/usr/bin/lnnflow" --version >/dev/null
bash -n "$root/usr/share/bash-completion/completions/lnnflow"

cat >"$root/stranger.c" <<'C'
#include <stdio.h>
#include <lnnflow.h>

int main(void)
{
    lnn_fail(GSL_EINVAL, "%s", "hello");
    for (size_t i = 0; lnn_odes[i]; i++) puts(lnn_odes[i]->name);
    return puts(lnn_error()) < 0;
}
C
lnnflow() { # pkg-config's answers, with the sandbox in front of the paths
    PKG_CONFIG_PATH=$root/usr/lib/pkgconfig pkg-config \
        --define-variable=prefix="$root/usr" "$@" lnnflow
}
# shellcheck disable=SC2046 # one word a flag
{
    "${CC:-cc}" -Wall -Werror $(lnnflow --cflags) "$root/stranger.c" -o "$root/shared" \
        $(lnnflow --libs)
    "${CC:-cc}" -Wall -Werror $(lnnflow --cflags) "$root/stranger.c" -o "$root/static" \
        $(lnnflow --static --libs | sed 's/-llnnflow/-l:liblnnflow.a/')
}
LD_LIBRARY_PATH=$root/usr/lib "$root/shared" | grep -qx hello
"$root/static" | grep -qx hello
LD_LIBRARY_PATH=$root/usr/lib ldd "$root/shared" | grep -q liblnnflow.so.0
if ldd "$root/static" | grep -q liblnnflow; then echo 'install: static is not' && exit 1; fi
make -s uninstall DESTDIR="$root" PREFIX=/usr >/dev/null
left=$(find "$root/usr" -type f -o -type l)
[ -z "$left" ] || { echo "install: left behind: $left" && exit 1; }
echo 'install: shared and static programs run; uninstall leaves nothing'
