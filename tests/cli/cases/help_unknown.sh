#!/bin/bash
# exit 2: a misspelt topic gets a suggestion
lnnflow help problen
