#!/bin/sh
# Once round: photographs are labelled, a reviewer corrects the labels, his file is taken back, and
# a model is trained on what he left. The reviewer is made up: he renames one object and deletes the
# least sure one of each picture that has several. A real one works in `yolact review RUN`, CVAT,
# Label Studio or LabelMe.
# Usage: 07_review_round.sh [OUTPUT]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
output=${1:-runs/round}

yolact annotate "$here/images" --output "$output/run" --write coco
yolact review "$output/run" --list --top 3

python3 - "$output/run/annotations.json" "$output/back.json" <<'REVIEWER'
import json
import sys

labels = json.load(open(sys.argv[1]))
by_picture = {}
for one in labels["annotations"]:
    by_picture.setdefault(one["image_id"], []).append(one)
kept = []
for objects in by_picture.values():
    objects.sort(key=lambda one: -one["score"])
    kept += objects[:-1] if len(objects) > 1 else objects
dog = next(one["id"] for one in labels["categories"] if one["name"] == "dog")
kept[0]["category_id"] = dog
json.dump(labels | {"annotations": kept}, open(sys.argv[2], "w"))
REVIEWER

yolact import "$output/back.json" --from coco --into "$output/run" --reviewer "made up"
yolact review "$output/run" --apply

yolact train "$output/run/reviewed.json" --images "$here/images" --output "$output/model" \
    --iterations 4 --batch-size 2 --optimizer adamw --learning-rate 1e-4 --warmup 1 --freeze 6
yolact annotate "$here/images" --output "$output/again" --model "$output/model/model.toml" \
    --write coco
