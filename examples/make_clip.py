"""Make examples/clip.mp4: a camera that pans and zooms over the example photographs.

    python examples/make_clip.py [CLIP.mp4]

Real pictures, made-up movement, and a quiet chord for sound.
"""

import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image, ImageOps

FOLDER = Path(__file__).parent
SIZE_WH, RATE, SECONDS_A_SHOT, SOUND_HZ = (640, 360), 15, 2, 44_100
# For each shot the photograph, and the centre and width of what is seen at its start and end, as
# parts of the photograph's width and height.
SHOTS = [
    ("horses.jpg", (0.40, 0.50, 0.80), (0.60, 0.55, 0.60)),
    ("dog.jpg", (0.55, 0.50, 1.00), (0.48, 0.50, 0.80)),
    ("astronaut.jpg", (0.45, 0.35, 1.00), (0.45, 0.30, 0.75)),
    ("chelsea.jpg", (0.50, 0.50, 0.95), (0.45, 0.45, 0.75)),
]


def frames() -> Iterator[np.ndarray]:
    for name, start, end in SHOTS:
        photo = np.asarray(
            ImageOps.exif_transpose(Image.open(FOLDER / "images" / name)).convert("RGB")
        )
        count = RATE * SECONDS_A_SHOT
        for number in range(count):
            calm = 0.5 - 0.5 * np.cos(np.pi * number / (count - 1))  # slow at both ends
            x, y, width = (1 - calm) * np.array(start) + calm * np.array(end)
            yield seen(photo, x, y, width)


def seen(photo: np.ndarray, x: float, y: float, width: float) -> np.ndarray:
    """The window around (x, y), moved inside the photograph where it would leave it."""
    height_px, width_px = photo.shape[:2]
    aspect = SIZE_WH[1] / SIZE_WH[0]
    window_w = min(width * width_px, height_px / aspect)
    window_h = window_w * aspect
    left = np.clip(x * width_px - window_w / 2, 0, width_px - window_w)
    top = np.clip(y * height_px - window_h / 2, 0, height_px - window_h)
    scale = window_w / SIZE_WH[0]
    matrix = np.array([[scale, 0, left], [0, scale, top]])
    return cv2.warpAffine(
        photo, matrix, SIZE_WH, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip


def chord(samples: int) -> np.ndarray:
    time_s = np.arange(samples) / SOUND_HZ
    tones = sum(np.sin(2 * np.pi * pitch * time_s) for pitch in (220.0, 277.2, 329.6))
    return (0.05 * tones * np.minimum(1, time_s[::-1])).astype(np.float32)


def make(path: Path) -> None:
    with av.open(str(path), "w", options={"movflags": "faststart"}) as clip:
        pictures = clip.add_stream("libx264", rate=RATE, options={"crf": "25", "preset": "slow"})
        pictures.width, pictures.height, pictures.pix_fmt = *SIZE_WH, "yuv420p"
        sound = clip.add_stream("aac", rate=SOUND_HZ, layout="mono", bit_rate=48_000)
        total_s = len(SHOTS) * SECONDS_A_SHOT
        samples = av.AudioFrame.from_ndarray(
            chord(total_s * SOUND_HZ)[None], format="fltp", layout="mono"
        )
        samples.sample_rate, samples.pts = SOUND_HZ, 0
        samples.time_base = Fraction(1, SOUND_HZ)
        for pixels in frames():
            clip.mux(pictures.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        clip.mux(pictures.encode(None))
        clip.mux(sound.encode(samples))
        clip.mux(sound.encode(None))


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / "clip.mp4")
