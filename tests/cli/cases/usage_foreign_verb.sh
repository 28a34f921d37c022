#!/bin/bash
# exit 2: a word like no verb gets the list
lnnflow integrate x.yaml
