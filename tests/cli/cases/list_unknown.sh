#!/bin/bash
# exit 2: a misspelt list gets a suggestion
lnnflow list system
