#!/bin/sh
# Photographs to labels: a COCO data set, masks as PNGs, and pictures with the objects drawn on them.
# Usage: 01_annotate_a_folder.sh [OUTPUT]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
output=${1:-runs/example}

yolact annotate "$here/images" --output "$output" --write coco,results,overlay,masks

echo "Look at $output/overlays, then at $output/annotations.json."
