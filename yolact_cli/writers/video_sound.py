"""The sound of a video beside its new pictures: packets copied as they are, where that can be.

Sound is never worth a video: what of it cannot be read is left out, and a note says so.
"""

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Discard

from yolact_cli.settings import VideoContainer
from yolact_cli.writers.video_errors import is_of_the_file
from yolact_cli.writers.video_recoding import SoundEncoder, recoded_as

_log = logging.getLogger(__name__)

# What players know to find there; the muxers take more.
_COPIED = {
    "mp4": frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"}),
    "webm": frozenset({"opus", "vorbis"}),
}
_LATE_S = 1  # clocks that begin later than this are a broadcast's, or a camera's own
_MOST_FAULTS = 1_000
_NO_TIME = -math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Where a video's sound comes from, and which part of it.

    Without a cut, pictures and sound keep the times that they have in the input, unless its clock
    begins a second or more after 0: then all times are less by its beginning. With ``start_s``
    they are less by that. In any case all are less by the same, which is rounded down to what
    the clocks of pictures and sound can both tell (a few milliseconds): so they stay together
    exactly, and the video begins at 0 or very little after it.

    Attributes:
        location: The input video.
        start_s: Seconds from the video's beginning; packets that begin before are left out. None
            for all.
        end_s: Packets that begin at or after this are left out. None for all.
    """

    location: str
    start_s: Fraction | None = None
    end_s: Fraction | None = None


class SoundTracks:
    """All sound of an input, on its way into a video file that is being written.

    Args:
        sound: The input and the cut, or None for nothing at all.
        output: Gets a stream for each of the input's; not yet started.
        container: What kind of file the output is.
        time_base: Of the pictures, in seconds.

    Attributes:
        shift_s: How much less than in the input all times are in the output.
        clocks: Seconds a tick, of the pictures and of each stream of sound.
        notes: What became of the sound, a sentence each.
    """

    def __init__(
        self,
        sound: Sound | None,
        output: OutputContainer,
        container: VideoContainer,
        time_base: Fraction,
    ) -> None:
        self.shift_s = Fraction(0)
        self.clocks = [time_base]
        self._notes: list[str] = []
        self._tracks: list[_Track] = []
        self._refused = 0
        if sound is None:
            return
        try:
            self._open(sound, output, container, time_base)
        except (av.error.FFmpegError, OSError) as error:
            self._note(f"The sound cannot be read ({error.strerror}), and is left out.")

    @property
    def notes(self) -> tuple[str, ...]:
        """What became of the sound so far, a sentence each."""
        notes = [*self._notes, *(note for track in self._tracks for note in track.notes)]
        if self._refused:
            notes.append(f"The sound is damaged: {self._refused} of its packets were left out.")
        return tuple(notes)

    @property
    def is_silent(self) -> bool:
        """Whether not one stream goes into the output."""
        return not self._tracks

    def note_refused(self) -> None:
        """Remember that the muxer would not have a packet that it had taken before."""
        self._refused += 1

    def mux_until(self, time_s: Fraction) -> None:
        """Write the packets that begin up to a time of the input's clock.

        Raises:
            OSError: The output cannot grow.
        """
        for track in self._tracks:
            track.mux_until(time_s)

    def finish(self) -> None:
        """Write all packets that are left, and let go of the input.

        Raises:
            OSError: The output cannot grow.
        """
        for track in self._tracks:
            track.mux_until(None)
        self.close()

    def close(self) -> None:
        """Let go of the input."""
        for track in self._tracks:
            track.close()

    def _open(
        self,
        sound: Sound,
        output: OutputContainer,
        container: VideoContainer,
        time_base: Fraction,
    ) -> None:
        with _opened(sound.location) as source:
            streams = source.streams.audio
            beginning_s = (
                _begins_s(source.streams.video[0]) if source.streams.video else Fraction(0)
            )
            first_s = min([beginning_s, *map(_begins_s, streams)])
            self.clocks += [stream.time_base or time_base for stream in streams]
        start_s = None if sound.start_s is None else beginning_s + sound.start_s
        end_s = None if sound.end_s is None else beginning_s + sound.end_s
        shift_s = first_s if first_s >= _LATE_S else Fraction(0)
        common_s = _common_multiple(self.clocks)
        self.shift_s = math.floor((shift_s if start_s is None else start_s) / common_s) * common_s
        for index in range(len(streams)):
            self._add(
                _Track(sound.location, index, start_s, end_s, self.shift_s), output, container
            )

    def _add(self, track: "_Track", output: OutputContainer, container: VideoContainer) -> None:
        if not track.is_empty and track.find_way(output, container):
            self._tracks.append(track)
            return
        if track.is_empty:
            # A stream without a packet would keep the file's header waiting.
            self._note(f"{track.name} has nothing in it here, and is left out.")
        else:
            self._note(f"{track.name} ({track.codec}) cannot be decoded, and is left out.")
        track.close()

    def _note(self, sentence: str) -> None:
        _log.info(sentence)
        self._notes.append(sentence)


class _Track:
    """One sound stream, read on its own so that no other's place in the file matters."""

    def __init__(
        self,
        location: str,
        index: int,
        start_s: Fraction | None,
        end_s: Fraction | None,
        shift_s: Fraction,
    ) -> None:
        self.name = f"Sound stream {index + 1}"
        self._start_s, self._end_s = start_s, end_s
        self._shift_s = shift_s
        self._source = _opened(location)
        self._stream = _only(self._source, index)
        # the stubs do not know that there is none for an unknown codec
        self._decoder = cast("AudioCodecContext | None", self._stream.codec_context)
        self.codec = self._decoder.name if self._decoder else "unknown"
        self._recoded = ""
        self._write: Callable[[Packet[AudioStream] | None], None] | None = None
        self._faults = self._left_out = 0
        self._packets = self._in_time()
        self._next = next(self._packets, None)

    @property
    def is_empty(self) -> bool:
        """Whether there is no packet to be had at all."""
        return self._next is None

    @property
    def notes(self) -> Iterator[str]:
        """What became of the stream so far."""
        if self._recoded:
            yield f"{self.name} ({self.codec}) was turned into {self._recoded}."
        if self._faults or self._left_out:
            count = self._faults + self._left_out
            yield f"{self.name} is damaged: {count} of its packets were left out."

    def find_way(self, output: OutputContainer, container: VideoContainer) -> bool:
        """Give the output a stream to copy to or, where it cannot hold the codec, to encode to."""
        if self._decoder is None:
            return False
        codec = self._decoder.codec
        holds = _COPIED.get(container) or output.supported_codecs
        if {codec.name, codec.canonical_name} & holds:
            self._write = _Copier(self._stream, output, self._shift_s).write
            return True
        try:
            encoder = SoundEncoder(self._stream, output, container, self._shift_s)
        except (av.error.FFmpegError, ValueError):
            return False
        self._write, self._recoded = encoder.write, recoded_as(container)
        return True

    def mux_until(self, time_s: Fraction | None) -> None:
        """Write the packets up to a time, or, for None, all and the encoder's last."""
        while self._next is not None and (time_s is None or self._time_s(self._next) <= time_s):
            self._try_to_write(self._next)
            self._next = next(self._packets, None)
        if time_s is None:
            self._try_to_write(None)

    def close(self) -> None:
        """Let go of the input."""
        self._source.close()

    def _try_to_write(self, packet: "Packet[AudioStream] | None") -> None:
        assert self._write is not None  # noqa: S101 - only streams with a way are kept
        try:
            self._write(packet)
        except (av.error.FFmpegError, ValueError) as error:
            if is_of_the_file(error):
                raise
            self._faults += 1

    def _in_time(self) -> Iterator["Packet[AudioStream]"]:
        """The packets that begin within the cut, their times never going back.

        Read from the beginning, because after a seek some formats tell other times by a tick.
        """
        last = _NO_TIME
        for packet in self._whole():
            if packet.pts is None or packet.dts is None or packet.dts < last:
                self._left_out += 1
                continue
            time_s = self._time_s(packet)
            if self._end_s is not None and time_s >= self._end_s:
                return
            if self._start_s is None or time_s >= self._start_s:
                last = packet.dts
                yield packet

    def _whole(self) -> Iterator["Packet[AudioStream]"]:
        """Packets up to the end, going on after each fault, but not for ever."""
        packets = self._source.demux(self._stream)
        for _ in range(_MOST_FAULTS):
            try:
                yield from (packet for packet in packets if packet.size)
            except (av.error.FFmpegError, OSError):
                self._faults += 1
                packets = self._source.demux(self._stream)
            except IndexError:  # the end, of a file in which a stream turned up on the way
                return
            else:
                return

    def _time_s(self, packet: "Packet[AudioStream]") -> Fraction:
        assert packet.pts is not None  # noqa: S101 - others were left out
        return packet.pts * packet.time_base


class _Copier:
    """Writes a stream's packets as they are, only at their new times."""

    def __init__(self, source: AudioStream, output: OutputContainer, shift_s: Fraction) -> None:
        self._output = output
        self._target = output.add_stream_from_template(source)
        self._ticks = int(shift_s / (source.time_base or 1))
        self._filter: BitStreamFilterContext | None = None
        context = source.codec_context
        if context.codec.canonical_name == "aac" and not context.extradata:
            # AAC of a broadcast says in every packet what other containers want said once.
            self._filter = BitStreamFilterContext("aac_adtstoasc", source)

    def write(self, packet: "Packet[AudioStream] | None") -> None:
        """Write a packet; None, the end, writes nothing."""
        if packet is None:
            return
        for piece in [packet] if self._filter is None else self._filter.filter(packet):
            piece.pts = (piece.pts or 0) - self._ticks
            piece.dts = (piece.dts or 0) - self._ticks
            piece.stream = self._target
            self._output.mux_one(piece)


def _opened(location: str) -> InputContainer:
    # A file can be a playlist in disguise; what it names on the network is not fetched.
    return av.open(location, options={"protocol_whitelist": "file"}, metadata_errors="replace")


def _only(source: InputContainer, index: int) -> AudioStream:
    """The sound stream of that number; packets of all others are not even read."""
    chosen = source.streams.audio[index]
    for stream in source.streams:
        if stream is not chosen:
            stream.discard = Discard.all
    return chosen


def _begins_s(stream: av.stream.Stream) -> Fraction:
    return Fraction(stream.start_time or 0) * (stream.time_base or 0)


def _common_multiple(clocks: list[Fraction]) -> Fraction:
    """The smallest time that is a whole number of ticks of every clock."""
    return Fraction(
        math.lcm(*(clock.numerator for clock in clocks)),
        math.gcd(*(clock.denominator for clock in clocks)),
    )
