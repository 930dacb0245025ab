"""Frames of a run's overlay video side by side, as one picture.

Usage: python video_still.py RUN SHEET.jpg [SECOND...]
"""

import sys
from pathlib import Path

import av
from PIL import Image

WIDTH_PX = 400

run, sheet_path, *seconds = sys.argv[1:]
wanted_s = sorted(float(second) for second in seconds) or [0.66, 3.0, 5.0, 7.0]  # one a shot
(overlay,) = sorted(Path(run, "overlays").glob("*.mp4"))

stills: list[Image.Image] = []
with av.open(str(overlay)) as video:
    for frame in video.decode(video=0):
        if len(stills) == len(wanted_s):
            break
        if frame.time >= wanted_s[len(stills)]:
            height_px = round(frame.height * WIDTH_PX / frame.width)
            stills.append(frame.to_image().resize((WIDTH_PX, height_px), Image.Resampling.LANCZOS))
if len(stills) < len(wanted_s):
    sys.exit(f"{overlay} ends before {wanted_s[len(stills)]} s.")

sheet = Image.new("RGB", (WIDTH_PX * len(stills), stills[0].height), "white")
for number, still in enumerate(stills):
    sheet.paste(still, (number * WIDTH_PX, 0))
sheet.save(sheet_path, quality=85)
