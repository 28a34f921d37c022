#!/bin/bash
# exit 0: the layout
lnnflow help file
