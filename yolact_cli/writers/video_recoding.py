"""Sound encoded anew, for containers that cannot hold it as it is."""

from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from yolact_cli.settings import VideoContainer

_ENCODERS = {"mp4": "aac", "mkv": "aac", "webm": "libopus"}
_NAMES = {"aac": "AAC", "libopus": "Opus"}
_BITS_A_CHANNEL = 96_000
_USUAL_RATE = 48_000


def recoded_as(container: VideoContainer) -> str:
    """What sound becomes in such a container, in words."""
    return _NAMES[_ENCODERS[container]]


class SoundEncoder:
    """Decodes a stream's packets and encodes them as AAC, or Opus in webm.

    One channel stays one, more become two. Times are kept: where sound is missing, it is missing.

    Args:
        source: What the packets come from.
        output: Gets a stream.
        container: What kind of file the output is.
        shift_s: How much less all times become.

    Raises:
        ValueError: The stream cannot be decoded.
    """

    def __init__(
        self,
        source: AudioStream,
        output: OutputContainer,
        container: VideoContainer,
        shift_s: Fraction,
    ) -> None:
        decoder = source.codec_context
        if not decoder.is_decoder or not decoder.sample_rate:
            raise ValueError("no decoder")
        codec = av.Codec(_ENCODERS[container], "w")
        rates = codec.audio_rates or ()
        self._rate = decoder.sample_rate if decoder.sample_rate in rates else _USUAL_RATE
        channels = min(decoder.channels, 2)
        self._output = output
        self._decoder = decoder
        self._shift_s = shift_s
        stream = output.add_stream(codec.name, rate=self._rate)
        assert isinstance(stream, AudioStream)  # noqa: S101 - as the codec is
        self._stream = stream
        self._encoder = stream.codec_context
        self._encoder.layout = "mono" if channels == 1 else "stereo"
        self._encoder.bit_rate = _BITS_A_CHANNEL * channels
        assert codec.audio_formats  # noqa: S101 - both encoders list theirs
        self._encoder.format = codec.audio_formats[0]
        self._resampler: AudioResampler | None = None

    def write(self, packet: "Packet[AudioStream] | None") -> None:
        """Decode a packet and write what comes of it; None for the end.

        Raises:
            av.error.FFmpegError: The packet is damaged; what follows can still be written.
            OSError: The output cannot grow.
        """
        for frame in self._decoder.decode(packet):
            self._encode(frame)
        if packet is None:
            self._encode(None)
            self._output.mux(self._stream.encode(None))

    def _encode(self, frame: AudioFrame | None) -> None:
        if frame is not None:
            if frame.pts is None or not frame.time_base:
                return
            frame.pts -= round(self._shift_s / frame.time_base)
        if self._resampler is None:  # now the encoder is open, and knows how much it takes
            self._resampler = AudioResampler(
                format=self._encoder.format,
                layout=self._encoder.layout,
                rate=self._rate,
                frame_size=self._encoder.frame_size,
            )
        for piece in self._resampler.resample(frame):
            self._output.mux(self._stream.encode(piece))
