"""The annotate command on videos: what it says, its exit codes, and what it refuses."""

import json

import av
import pytest

from yolact_cli.cli.main import main


@pytest.fixture
def annotate(tiny_model, tmp_path):
    """Run the command in this process: ``annotate(source, *options)`` gives the exit code."""

    def run(*arguments: object) -> int:
        fixed = ["-o", tmp_path / "run", "--model", tiny_model, "--device", "cpu"]
        quick = ["--workers", 0, "--max-detections", 3, "--batch-size", 2]
        return main(["annotate", *map(str, [*fixed, *quick, *arguments])])

    return run


def test_frames_are_counted_on_stderr_and_summed_up_on_stdout(annotate, make_clip, capsys):
    assert annotate(make_clip()) == 0
    out, err = capsys.readouterr()
    assert "objects in 6 frames of 1 video" in out
    assert "clip.mp4: about 6 frames." in err
    assert "6 of 6 frames" in err


def test_gaps_are_told_and_give_exit_code_3(annotate, make_clip, capsys):
    clip = make_clip("cut.mkv", frames=30)
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    assert annotate(clip) == 3
    assert "cut.mkv: 0:0" in capsys.readouterr().err


def test_a_dry_run_counts_videos(annotate, make_clip, make_photos, tmp_path, capsys):
    assert annotate(make_clip(), make_photos("a.png"), "--dry-run") == 0
    assert "videos" in capsys.readouterr().out
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--start", "5", "--end", "4"], "--end is to be later"),
        (["--no-track", "--write", "youtube-vis"], "made of tracks"),
        (["--video-format", "webm", "--codec", "h264"], "webm"),
        (["--crf", "60"], "60"),
        (["--every", "0"], "--every"),
        (["--fps", "0"], "--fps"),
    ],
)
def test_options_that_contradict_each_other_are_wrong_usage(
    annotate, make_clip, capsys, options, sentence
):
    assert annotate(make_clip(), *options) == 2
    assert sentence in capsys.readouterr().err


def test_webm_is_written_without_naming_a_codec(annotate, make_clip, tmp_path):
    assert annotate(make_clip(), "--video-format", "webm") == 0
    assert (tmp_path / "run/overlays/clip.mp4.overlay.webm").exists()


@pytest.mark.parametrize(
    ("options", "note"),
    [
        (["--start", "60"], "No frame of it lies in the time"),
        (["--start", "0.5", "--keyframes"], "None of its frames was to be labelled"),
    ],
)
def test_a_video_of_which_nothing_is_labelled_is_told(annotate, make_clip, capsys, options, note):
    assert annotate(make_clip(), *options) == 0
    assert f"clip.mp4: {note}" in capsys.readouterr().err


def test_a_video_and_its_extracted_frames_fit_into_one_run(annotate, make_clip, tmp_path):
    clip, frames = make_clip(), tmp_path / "first" / "frames"
    assert annotate(clip, "-o", tmp_path / "first", "--write", "frames") == 0
    assert annotate(frames, clip, "--write", "coco,overlay,frames") == 0
    names = [
        one["file_name"]
        for one in json.loads((tmp_path / "run/annotations.json").read_bytes())["images"]
    ]
    assert names[0] == "clip.mp4/000000.png"
    assert names[6] == "clips/clip.mp4/000000.png"
    assert len(set(names)) == 12


@pytest.mark.slow
def test_the_overlay_of_a_run_plays_in_a_browser(play, repository, tmp_path):
    clip = repository / "examples" / "clip.mp4"
    options = ["--write", "overlay", "--every", "30", "--device", "cpu"]
    assert main(["annotate", str(clip), "-o", str(tmp_path / "run"), *options]) == 0

    seen = play(tmp_path / "run" / "overlays" / "clip.mp4")

    assert seen["error"] is None
    assert seen.get("ended"), seen
    assert seen["time"] == pytest.approx(8, abs=0.1)
    assert seen["duration"] == pytest.approx(8, abs=0.1)
    assert (seen["width"], seen["height"]) == (640, 360)


def test_sound_and_times_of_the_clip_are_in_its_overlay_as_they_were(repository, tmp_path):
    clip = repository / "examples" / "clip.mp4"
    options = ["--write", "overlay", "--every", "60", "--device", "cpu"]
    assert main(["annotate", str(clip), "-o", str(tmp_path / "run"), *options]) == 0

    def packets(path, kind):
        with av.open(str(path)) as container:
            (stream,) = container.streams.get({kind: 0})
            found = [packet for packet in container.demux(stream) if packet.size]
            return [(packet.pts * packet.time_base, bytes(packet)) for packet in found]

    overlay = tmp_path / "run" / "overlays" / "clip.mp4"
    assert packets(overlay, "audio") == packets(clip, "audio")
    times = [sorted(time for time, _ in packets(path, "video")) for path in (overlay, clip)]
    assert times[0] == times[1]
