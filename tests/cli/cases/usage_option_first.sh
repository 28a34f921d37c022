#!/bin/bash
# exit 2: options follow the verb
lnnflow --hepl
lnnflow -q run x.yaml
