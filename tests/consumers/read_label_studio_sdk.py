"""Label Studio's SDK checks tasks against a config and decodes them: ``… TASKS CONFIG``."""

import json
import sys
from pathlib import Path

from label_studio_sdk.converter.brush import decode_rle, mask2rle
from label_studio_sdk.label_interface import LabelInterface
from rows import give, polygon_mask, row

interface = LabelInterface(Path(sys.argv[2]).read_text(encoding="utf-8"))
tasks = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
rows, are_valid, encodes_alike = [], True, True
for task in tasks:
    for prediction in task["predictions"]:
        are_valid = are_valid and interface.validate_prediction(prediction)
        for region in prediction["result"]:
            value, kind = region["value"], region["type"]
            height, width = region["original_height"], region["original_width"]
            if kind == "brushlabels":
                mask = decode_rle(value["rle"]).reshape(height, width, 4)[:, :, 3]
                again = mask2rle(mask)
                length = min(len(again), len(value["rle"]))
                encodes_alike = encodes_alike and again[:length] == value["rle"][:length]
            else:
                ring = [round(part * side / 100, 3) for point in value["points"]
                        for part, side in zip(point, (width, height), strict=True)]  # fmt: skip
                mask = polygon_mask([ring], (height, width))
            rows.append(row(task["data"]["name"].removesuffix(".png"), value[kind][0], mask))
give(rows, are_valid=are_valid, encodes_alike=encodes_alike)
