#!/bin/sh
# A few iterations of training, from the embedded model, on the labels of the first example. Real
# labels come from people; a real training takes thousands of iterations.
# Usage: 03_finetune.sh [RUN] [OUTPUT]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
run=${1:-runs/example}
output=${2:-runs/finetuned}

yolact train "$run/annotations.json" --images "$here/images" --output "$output" \
    --iterations 4 --batch-size 2 --optimizer adamw --learning-rate 1e-4 --warmup 1 --freeze 6

yolact annotate "$here/images" --output "$output/run" --model "$output/$(basename "$output").toml"
