"""How many threads array libraries use: one, as pieces are small and the cores have other work."""

import contextlib
from collections.abc import Iterator

import cv2
from threadpoolctl import threadpool_limits


@contextlib.contextmanager
def one_thread_for_arrays() -> Iterator[None]:
    """NumPy's matrix products and OpenCV use one thread within the block; networks as many as ever.

    Masks are products of small matrices, over in less time than a second thread takes to begin.
    Their threads then wait for more by spinning, and take cores from the network, the encoder and
    the decoders: a frame of a video took 33 core-milliseconds to read and label, 23 so
    (tests/benchmarks/test_video_throughput.py, on two cores).
    """
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with threadpool_limits(limits=1, user_api="blas"):
            yield
    finally:
        cv2.setNumThreads(before)
