"""A run's overlays side by side with the photographs, as one picture.

Usage: python overlay_sheet.py RUN SHEET.jpg [NAME...]
"""

import sys
from pathlib import Path

from PIL import Image, ImageOps

HEIGHT_PX, GAP_PX = 300, 8

run, sheet_path, *names = sys.argv[1:]
overlays = sorted(Path(run, "overlays").glob("*.jpg"))
chosen = [path for path in overlays if not names or path.stem in names]
photographs = Path(__file__).parent / "images"


def row(paths: list[Path]) -> list[Image.Image]:
    pictures = [ImageOps.exif_transpose(Image.open(path)) for path in paths]
    return [
        picture.resize((round(picture.width * HEIGHT_PX / picture.height), HEIGHT_PX))
        for picture in pictures
    ]


rows = [row([photographs / path.name for path in chosen]), row(chosen)]
width = max(sum(p.width + GAP_PX for p in pictures) for pictures in rows) - GAP_PX
sheet = Image.new("RGB", (width, 2 * HEIGHT_PX + GAP_PX), "white")
for line, pictures in enumerate(rows):
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, line * (HEIGHT_PX + GAP_PX)))
        left += picture.width + GAP_PX
sheet.save(sheet_path, quality=85)
