#!/bin/sh
# Labels against ground truth. Here the labels of the first example are their own truth, so every
# figure is 1: put a file that people made in the place of the second argument.
# Usage: 02_score.sh [RUN] [TRUTH.json]
set -eu
run=${1:-runs/example}
truth=${2:-$run/annotations.json}

yolact score "$run" "$truth" --per-class
