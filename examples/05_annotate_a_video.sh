#!/bin/sh
# A video to labels of every fifth frame, tracks, and an overlay with its sound.
# Usage: 05_annotate_a_video.sh [OUTPUT]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
output=${1:-runs/clip}

yolact annotate "$here/clip.mp4" --output "$output" --every 5 --write coco,overlay,youtube-vis

echo "Play $output/overlays/clip.mp4, then look at $output/annotations.json."
