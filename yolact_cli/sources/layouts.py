"""Ways of storing samples, known from the header: deep, or such that decoders get them wrong.

Source: TIFF 6.0 (tags 258, 262, 284, 338), PNG's IHDR and netpbm's format pages; which of
them OpenCV 5.0 and Pillow 12 misread was found by decoding pictures of known pixels.
"""

from PIL import Image

_BITS, _PHOTOMETRIC, _PLANES, _EXTRA_SAMPLES = 258, 262, 284, 338
_PNG_BITS_AT = 24  # in the file: of its first chunk, behind width and height
_WHITE_IS_ZERO = 0
_PLANE_BY_PLANE = 2
_UNASSOCIATED_ALPHA = 2
_WHOLE_RANGES = (255, 65_535)


def is_misread_by_cv2(image: Image.Image, head: bytes) -> bool:
    """Whether OpenCV changes the colours, and Pillow does not.

    It blends the colours of a TIFF with its alpha, and takes a netpbm file's largest value for
    that of the samples' type.
    """
    if image.format == "TIFF":
        return _deepest(image) <= 8 and _UNASSOCIATED_ALPHA in _numbers(image, _EXTRA_SAMPLES)
    return image.format == "PPM" and _netpbm_maximum(head) not in _WHOLE_RANGES


def is_deep(image: Image.Image, head: bytes) -> bool:
    """Whether a PNG or netpbm file has samples of more than 8 bits."""
    if image.format == "PNG":
        return head[_PNG_BITS_AT] > 8
    return image.format == "PPM" and _netpbm_maximum(head) > _WHOLE_RANGES[0]


def is_negative(image: Image.Image) -> bool:
    """Whether 0 is white in samples of more than 8 bits, which decoders hand over as they are."""
    is_tiff = image.format == "TIFF" and _deepest(image) > 8
    return is_tiff and _numbers(image, _PHOTOMETRIC) == (_WHITE_IS_ZERO,)


def is_garbled(image: Image.Image) -> bool:
    """Whether no decoder here puts the planes of a TIFF together."""
    is_deep = image.format == "TIFF" and _deepest(image) > 8
    return is_deep and len(image.getbands()) > 1 and _PLANE_BY_PLANE in _numbers(image, _PLANES)


def _deepest(image: Image.Image) -> int:
    return max(_numbers(image, _BITS), default=1)


def _numbers(image: Image.Image, tag: int) -> tuple[int, ...]:
    tags = getattr(image, "tag_v2", {})
    value = tags.get(tag, ())
    return value if isinstance(value, tuple) else (value,)


def _netpbm_maximum(head: bytes) -> int:
    """The value of white that a PGM or PPM states; bitmaps state none, and are read right."""
    if head[:2] not in (b"P2", b"P3", b"P5", b"P6"):
        return _WHOLE_RANGES[0]
    lines = (line.partition(b"#")[0] for line in head.split(b"\n"))
    words = b" ".join(lines).split()[3:4]
    return int(words[0]) if words and words[0].isdigit() else 0
