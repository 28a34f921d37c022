#!/bin/bash
# Words that do not belong into a finished project: left-over notes, machines' paths and
# hosts, people's addresses, and how the text came about. The patterns are written so that
# they do not match themselves.
set -u
cd "$(dirname "$0")/../.." || exit 2
status=0
existing=$(ls -d Makefile README.md .ci .clang-format .gitignore src include odes tests \
    notebooks bench 2>/dev/null)

forbid() { # grep's options; the pattern; what to say
    # shellcheck disable=SC2086 # one word a path
    if grep -rnIoE $1 "$2" $existing | sed "s/\$/: $3/" | grep .; then status=1; fi
}

forbid -w '[T]ODO|[F]IXME|[X]XX|[H]ACK|[W]IP' 'a left-over note'
forbid -iw '[n]ot implemented|[n]ot yet implemented|[l]orem ipsum' 'a left-over note'
forbid -iw '[s]essions?|[c]laude|[a]nthropic|[c]hatgpt|[o]penai|[c]opilot|[l]anguage models?' \
    'a word about how this was made'
forbid -w '[A]I|[L]LMs?|[G]PT' 'a word about how this was made'
forbid -- '(^|[^A-Za-z0-9_.}*])/([w]ork|[h]ome|[r]oot|[U]sers)/' "a machine\'s path"
forbid -- '/[t]mp/build_' "a machine\'s path"
forbid -i '[a-z0-9.-]+\.[d]ebian\.org|[n]pmjs\.|[p]ypi\.org|\.[d]ebian\.net' "a package host"
forbid -- '[A-Za-z0-9._%+-]+[@][A-Za-z0-9-]+\.[A-Za-z]{2,}' 'a mail address'
exit $status
