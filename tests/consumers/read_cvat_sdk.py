"""CVAT's SDK decodes the masks of an XML file, and encodes them alike: ``read_cvat_sdk.py FILE``.

A mask's points are its runs and its inclusive box, as CVAT's own importer puts them together.
"""

import sys
import xml.etree.ElementTree as ET

from cvat_sdk.masks import decode_mask, encode_mask
from rows import give, row

rows, encodes_alike = [], True
for image in ET.parse(sys.argv[1]).getroot().iter("image"):
    size = {"image_width": int(image.get("width")), "image_height": int(image.get("height"))}
    for shape in image.iter("mask"):
        left, top, width, height = (int(shape.get(k)) for k in ("left", "top", "width", "height"))
        runs = [int(part) for part in shape.get("rle").split(",")]
        points = [*runs, left, top, left + width - 1, top + height - 1]
        mask = decode_mask(points, **size)
        encodes_alike = encodes_alike and encode_mask(mask) == points
        rows.append(row(image.get("name").removesuffix(".png"), shape.get("label"), mask))
give(rows, encodes_alike=encodes_alike)
