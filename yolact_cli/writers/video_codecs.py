"""The encoders of overlay videos: what each is told, and the containers that hold it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from yolact_cli.errors import SettingsError
from yolact_cli.settings import VideoCodec, VideoContainer, VideoFileSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """An encoder of FFmpeg's with what it is told.

    Attributes:
        name: FFmpeg's name of it.
        crf: The constant quality that is used where none is asked for.
        max_crf: The worst quality there is; the best is 0.
        options: Everything else, tuned for a few core-milliseconds a 720p frame.
        unclocked_frames: Clips of so few frames or fewer come, in the order shown, with times of
            decoding out of memory that the encoder never wrote.
    """

    name: str
    crf: int
    max_crf: int
    options: Mapping[str, str]
    unclocked_frames: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerKind:
    """A kind of file.

    Attributes:
        format: FFmpeg's name of its muxer.
        codecs: What may be in it.
        options: What the muxer is told, so that a file cut off by a kill can be played.
    """

    format: str
    codecs: frozenset[VideoCodec]
    options: Mapping[str, str]


ENCODERS: Mapping[VideoCodec, Encoder] = MappingProxyType(
    {
        "h264": Encoder(
            name="libx264",
            crf=23,
            max_crf=51,
            # Quick rather than small: tests/benchmarks/test_video_throughput.py has the budget. And
            # slower presets have a tree of macroblocks, which looks into memory that nobody has
            # written: of some sizes the same frames gave several files. It does not look
            # ahead for the best kinds of frames, nor code arithmetically: both cost much, and
            # only make files of a like fidelity smaller.
            options={
                "preset": "superfast",
                "x264-params": "subme=0:b-adapt=0:scenecut=0:weightp=0:cabac=0",
            },
        ),
        "h265": Encoder(
            name="libx265",
            crf=25,
            max_crf=51,
            # it has its own voice on stderr
            options={"preset": "superfast", "x265-params": "log-level=error"},
            unclocked_frames=2,
        ),
        "vp9": Encoder(
            name="libvpx-vp9",
            crf=31,
            max_crf=63,
            options={"deadline": "realtime", "cpu-used": "7", "row-mt": "1"},
        ),
        "av1": Encoder(name="libsvtav1", crf=33, max_crf=63, options={"preset": "8"}),
    }
)

# Whatever is done is handed to the system at once: only what lies there survives a kill.
_FLUSHED = {"flush_packets": "1"}
_CLUSTERS = {"cluster_time_limit": "500", "avoid_negative_ts": "disabled"} | _FLUSHED
# Fragments while it grows, an ordinary file once it is closed. The header waits for the first
# fragment, because only then the muxer knows by how much decoding runs ahead of showing, and
# writes the edit list without which all times would be late by that. A fragment begins with a
# keyframe; shorter ones (frag_duration) lose the last frame behind a long gap.
_FRAGMENTS = {"movflags": "hybrid_fragmented+delay_moov"} | _FLUSHED

CONTAINERS: Mapping[VideoContainer, ContainerKind] = MappingProxyType(
    {
        "mp4": ContainerKind(format="mp4", codecs=frozenset(ENCODERS), options=_FRAGMENTS),
        "mkv": ContainerKind(format="matroska", codecs=frozenset(ENCODERS), options=_CLUSTERS),
        "webm": ContainerKind(format="webm", codecs=frozenset({"vp9", "av1"}), options=_CLUSTERS),
    }
)


def check_video_settings(settings: VideoFileSettings) -> None:
    """Refuse settings that no video can be written with, before any work is done.

    Raises:
        SettingsError: The container cannot hold the codec, or the quality is out of range.
    """
    holds = CONTAINERS[settings.container].codecs
    if settings.codec not in holds:
        raise SettingsError(
            f"A {settings.container} file cannot hold {settings.codec}.",
            remedy=f"Choose {' or '.join(sorted(holds))}, or another container.",
        )
    max_crf = ENCODERS[settings.codec].max_crf
    if settings.crf is not None and not 0 <= settings.crf <= max_crf:
        raise SettingsError(
            f"A quality (crf) of {settings.crf} is out of range for {settings.codec}.",
            remedy=f"Choose one from 0, the best, to {max_crf}.",
        )
