"""Decoding ahead changes nothing but the time it takes, and leaves no thread behind."""

import gc
import threading
import time
import weakref

import pytest

from yolact_cli.sources.video_thread import decode_ahead


def threads():
    return [one for one in threading.enumerate() if one.name == "yolact-decode"]


def test_items_come_in_order():
    with decode_ahead(iter(range(1000)), max_items=3) as ahead:
        assert list(ahead) == list(range(1000))
    assert threads() == []


def test_no_items_are_fine():
    with decode_ahead(iter(()), max_items=1) as ahead:
        assert list(ahead) == []


def test_no_more_is_made_than_may_wait():
    made = []

    def make():
        for number in range(100):
            made.append(number)
            yield number

    with decode_ahead(make(), max_items=4) as ahead:
        assert next(ahead) == 0
        time.sleep(0.2)
        assert len(made) <= 1 + 4 + 1
    assert len(made) <= 6


def test_what_is_raised_comes_after_the_items_before_it():
    def make():
        yield 1
        yield 2
        raise ValueError("torn")

    taken = []
    with pytest.raises(ValueError, match="torn"), decode_ahead(make(), max_items=8) as ahead:
        taken.extend(ahead)
    assert threads() == []


def test_items_before_an_error_are_all_given():
    def make():
        yield from (1, 2, 3)
        raise ValueError("torn")

    with decode_ahead(make(), max_items=8) as ahead:
        assert [next(ahead), next(ahead), next(ahead)] == [1, 2, 3]
        with pytest.raises(ValueError, match="torn"):
            next(ahead)


def test_leaving_early_ends_the_thread_and_closes_the_iterator():
    closed = threading.Event()

    def make():
        try:
            while True:
                yield bytes(1000)
        finally:
            closed.set()

    with decode_ahead(make(), max_items=2) as ahead:
        next(ahead)
    assert closed.is_set()
    assert threads() == []


def test_an_error_of_the_user_ends_the_thread():
    with pytest.raises(KeyError), decode_ahead(iter(range(100)), max_items=2) as ahead:
        raise KeyError(next(ahead))
    assert threads() == []


def test_items_are_let_go_of():
    class Item:
        pass

    seen = []

    def make():
        for _ in range(50):
            item = Item()
            seen.append(weakref.ref(item))
            yield item
            del item

    with decode_ahead(make(), max_items=2) as ahead:
        for number, item in enumerate(ahead):
            del item
            gc.collect(0)  # the young ones: torch's are many
            assert sum(one() is not None for one in seen[: number + 1]) <= 1
    assert [one() for one in seen] == [None] * 50


def test_room_for_none_is_refused():
    with pytest.raises(ValueError, match="max_items"), decode_ahead(iter(()), max_items=0):
        pass


def test_frames_of_a_video_are_the_same(tmp_path, make_video):
    from yolact_cli.sources.video_reader import open_video

    path = make_video(tmp_path / "a.mp4", 30)
    with open_video(str(path)) as reader:
        plain = [frame.pixels.tobytes() for frame in reader.frames()]
    with open_video(str(path)) as reader, decode_ahead(reader.frames(), max_items=2) as ahead:
        assert [frame.pixels.tobytes() for frame in ahead] == plain
