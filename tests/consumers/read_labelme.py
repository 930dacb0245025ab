"""LabelMe reads files, with the pictures that they lead to: ``read_labelme.py FOLDER``."""

import json
import sys
import tempfile
from pathlib import Path

from labelme._label_file import read_label_file, write_label_file
from labelme.utils import shapes_to_label
from rows import give, row

rows, kept, read_again = [], [], []
for path in sorted(Path(sys.argv[1]).rglob("*.json")):
    label = read_label_file(str(path))
    stem = path.relative_to(sys.argv[1]).with_suffix("").as_posix()
    kept += [shape["other_data"] for shape in label.shapes]
    # Objects by their label and group, one at a time, since they overlap.
    groups = {}
    for number, shape in enumerate(label.shapes):
        alone = f"alone {number}" if shape["group_id"] is None else shape["group_id"]
        groups.setdefault((shape["label"], alone), []).append(shape)
    document = json.loads(path.read_text())
    size_hw = document["imageHeight"], document["imageWidth"]
    for (name, _), shapes in groups.items():
        _, instances = shapes_to_label(size_hw, shapes, {name: 1})
        rows.append(row(stem, name, instances > 0))
    # What LabelMe's window does when a file is saved.
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / path.name
        write_label_file(
            str(saved), shapes=document["shapes"], image_path=label.image_path,
            image_height=size_hw[0], image_width=size_hw[1], other_data=label.other_data,
        )  # fmt: skip
        read_again.append(json.loads(saved.read_text()) == document)
give(rows, kept=kept, read_again=read_again)
