#!/bin/bash
# exit 0: the overview
lnnflow help
lnnflow --help | cmp - <(lnnflow help) && lnnflow -h | cmp - <(lnnflow help)
