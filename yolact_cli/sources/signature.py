"""What a file's first bytes say it is, in words for people."""

_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"\0\0\0\x0cjP")
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_KNOWN = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"version https://git-lfs", "a Git LFS pointer without its content"),
    (b"<!DOCTYPE", "a web page"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"<svg", "a vector drawing"),
    (b"<?xml", "an XML file"),
    (b"\x1a\x45\xdf\xa3", "a video"),
    (b"8BPS", "a Photoshop file"),
    (b"v/1\x01", "an OpenEXR file"),
    (b"#?RADIANCE", "a Radiance HDR file"),
)


def is_picture(head: bytes) -> bool:
    """Whether a file starts like one of the common picture formats."""
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return is_webp or head.startswith(_PICTURES) or bool(_brands(head) & _AVIF_BRANDS)


def is_heic(head: bytes) -> bool:
    """Whether a file is HEIF with HEVC inside (.heic), rather than AVIF or a video."""
    brands = _brands(head)
    return bool(brands & _HEIC_BRANDS) and not brands & _AVIF_BRANDS


def describe_head(head: bytes) -> str:
    """What a file starts with: a kind of file where it is known, else the bytes themselves."""
    for start, kind in _KNOWN:
        if head.startswith(start):
            return f"it is {kind}"
    if head[4:8] == b"ftyp" and not is_picture(head):
        return "it is a video"
    shown = head[:4]
    text = shown.decode("latin-1")
    is_text = text.isascii() and text.isprintable()
    return f"starts with '{text}'" if is_text else f"starts with the bytes {shown.hex(' ')}"


def _brands(head: bytes) -> set[bytes]:
    """The brands of an ISO media file. Source: ISO/IEC 14496-12, 4.3; empty for other files."""
    if head[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return {head[8:12]} | {head[at : at + 4] for at in range(16, end, 4)}
