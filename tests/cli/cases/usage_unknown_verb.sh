#!/bin/bash
# exit 2: a misspelt verb gets a suggestion
lnnflow rum
