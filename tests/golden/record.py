"""Write expected.json of each recorded case from the reference's full outputs.

    python tests/golden/record.py FOLDER

FOLDER holds the reference's arrays, one .npz a configuration. Run it only when those change.
"""

import argparse
import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROWS, CLASSES, COEFFICIENTS, MASKS = 20, (0, 1, 17, 41, 80), 6, 6
PROTOTYPES = slice(1, 18, 5)


def record(arrays: dict[str, np.ndarray]) -> dict[str, object]:
    """A few hundred of the figures; floats with nine digits, which is all that float32 has."""
    step = len(arrays["anchor_index"]) // ROWS
    rows = slice(0, None, step)
    case = {
        "num_anchors": arrays["num_anchors"],
        "anchor_index": arrays["anchor_index"][rows],
        "anchors": arrays["anchors"][rows],
        "box": arrays["box"][rows],
        "classes": np.array(CLASSES),
        "class_probabilities": arrays["class_logits_softmax"][rows][:, CLASSES],
        "mask_coefficients": arrays["mask_coefficients"][rows, :COEFFICIENTS],
        "prototypes": arrays["prototypes_every_8th"][PROTOTYPES, PROTOTYPES, :4],
        "class_ids": arrays["class_ids"],
        "scores": arrays["scores"],
        "boxes_xyxy_norm": arrays["boxes_xyxy_norm"],
        "mask_area_px": arrays["mask_area_px"],
        "mask_rle_counts": arrays["mask_rle_counts"][:MASKS],
    }
    if "mask_scores" in arrays:
        case["mask_scores"] = arrays["mask_scores"]
    largest = {
        "box": arrays["box"],
        "class_probabilities": arrays["class_logits_softmax"],
        "mask_coefficients": arrays["mask_coefficients"],
        "prototypes": arrays["prototypes_every_8th"],
    }
    plain = {name: _plain(values) for name, values in case.items()}
    return plain | {"largest": {name: _plain(np.abs(a).max()) for name, a in largest.items()}}


def _plain(values: np.ndarray) -> object:
    if values.dtype == np.float32:
        values = np.array([float(f"{v:.9g}") for v in values.ravel()]).reshape(values.shape)
    return values.tolist()


def main() -> None:
    """Write every case that has a folder here."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for origin in sorted(HERE.glob("*/ORIGIN.toml")):
        with np.load(folder / f"{origin.parent.name}.npz") as arrays:
            case = record(dict(arrays))
        lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in case.items()]
        text = "{\n" + ",\n".join(lines) + "\n}\n"
        (origin.parent / "expected.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
