#!/bin/bash
# exit 2: nothing was asked
lnnflow
