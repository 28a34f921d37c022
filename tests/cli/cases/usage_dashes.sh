#!/bin/bash
# exit 4: after -- a name may begin with a dash
lnnflow run -- -q
