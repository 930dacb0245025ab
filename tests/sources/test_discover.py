"""Sources become one list of pictures, in an order that never changes."""

import os
from pathlib import Path

import pytest

from yolact_cli.errors import InputError, NoInputsError
from yolact_cli.sources.discover import discover


def names(*sources, **options) -> list[str]:
    found = discover([str(source) for source in sources], **options)
    return [picture.name for picture in found.pictures]


def test_a_folder_is_listed_recursively_in_order_of_relative_path(make_files):
    root = make_files("b.jpg", "a/z.jpg", "a/b/c.png", "C.jpg", "a.webp")
    assert names(root) == ["C.jpg", "a.webp", "a/b/c.png", "a/z.jpg", "b.jpg"]


def test_ids_count_from_one(make_files):
    root = make_files("a.jpg", "b.jpg")
    assert [picture.picture_id for picture in discover([str(root)]).pictures] == [1, 2]


def test_a_picture_is_listed_with_its_place_size_and_time(make_files):
    root = make_files("a.jpg")
    (root / "a.jpg").write_bytes(b"12345")
    (picture,) = discover([str(root)]).pictures
    assert picture.location == str(root / "a.jpg")
    assert picture.size_bytes == 5
    assert picture.mtime_ns == (root / "a.jpg").stat().st_mtime_ns


def test_folders_in_folders_can_be_left_out(make_files):
    assert names(make_files("a.jpg", "b/c.jpg"), recursive=False) == ["a.jpg"]


def test_other_files_are_counted_by_extension(make_files):
    found = discover([str(make_files("a.jpg", "b.txt", "c.TXT", "d"))])
    assert found.other_extensions == {".txt": 2, "no extension": 1}


def test_hidden_files_and_folders_are_passed_over(make_files):
    assert names(make_files("a.jpg", ".b.jpg", ".git/c.jpg")) == ["a.jpg"]


@pytest.mark.parametrize("name", ["x.HEIC", "x.avif", "x.JPG", "x.tif", "x.jp2", "x.gif"])
def test_extensions_are_known_in_any_case(make_files, name):
    assert names(make_files(name)) == [name]


def test_a_file_named_by_itself_is_taken_whatever_its_extension(make_files):
    root = make_files("scan.dat", "a.jpg")
    assert names(root / "scan.dat") == ["scan.dat"]


def test_the_output_folder_is_never_a_source(make_files):
    root = make_files("a.jpg", "run/overlays/a.jpg")
    assert names(root, output=root / "run") == ["a.jpg"]
    assert names(root / "a.jpg", root / "run" / "overlays" / "a.jpg", output=root / "run") == [
        "a.jpg"
    ]


def test_the_output_folder_is_known_behind_a_link(make_files):
    root = make_files("a.jpg", "run/overlays/a.jpg")
    (root / "z").symlink_to(root / "run")
    assert names(root, output=root / "run") == ["a.jpg"]


def test_a_file_that_two_sources_give_is_listed_once(make_files):
    root = make_files("a/x.jpg")
    (root / "link.jpg").symlink_to(root / "a" / "x.jpg")
    assert names(root / "a", root / "a" / "x.jpg", root / "link.jpg", root) == ["x.jpg"]


def test_a_link_that_leads_to_itself_costs_no_more_than_itself(make_files):
    root = make_files("a.jpg", "b/c.jpg")
    (root / "self.jpg").symlink_to("self.jpg")
    found = discover([str(root)])
    assert [picture.name for picture in found.pictures] == ["a.jpg", "b/c.jpg", "self.jpg"]
    assert found.unreadable_folders == ()


def test_a_circle_of_links_ends(make_files):
    root = make_files("a/x.jpg")
    (root / "a" / "up").symlink_to(root)
    assert names(root) == ["a/x.jpg"]


def test_a_link_to_a_folder_elsewhere_is_followed(make_files):
    root = make_files("in/a.jpg", "out/b.jpg")
    (root / "in" / "more").symlink_to(root / "out")
    assert names(root / "in") == ["a.jpg", "more/b.jpg"]


def test_equal_names_of_two_sources_are_told_apart(make_files):
    root = make_files("one/x.jpg", "two/x.jpg")
    assert names(root / "one", root / "two") == ["x.jpg", "two/x.jpg"]


def test_names_that_differ_in_case_only_are_told_apart(make_files):
    root = make_files("in/X.jpg", "in/x.jpg")
    assert names(root / "in") == ["X.jpg", "in/x.jpg"]


def test_patterns_are_expanded(make_files):
    root = make_files("a/1.jpg", "b/2.jpg", "b/3.png")
    assert names(f"{root}/*/*.jpg") == ["a/1.jpg", "b/2.jpg"]
    assert names(f"{root}/**/*.png") == ["b/3.png"]


def test_a_pattern_with_an_extension_takes_what_it_names(make_files):
    assert names(f"{make_files('a.dat', 'b.jpg')}/*.dat") == ["a.dat"]


def test_a_pattern_without_an_extension_takes_pictures_and_folders(make_files):
    assert names(f"{make_files('in/a.txt', 'in/b.jpg', 'in/c/d.jpg')}/i*/*") == [
        "in/b.jpg",
        "in/c/d.jpg",
    ]


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(make_files):
    assert names(make_files("a[1].jpg") / "a[1].jpg") == ["a[1].jpg"]


def test_a_list_file_is_relative_to_its_own_folder(make_files):
    root = make_files("data/a/x.jpg", "data/y.png", "data/z.jpg")
    (root / "data" / "list.txt").write_text(
        "\ufeff# mine\na/x.jpg\n\n  y.png  \n", encoding="utf-8"
    )
    assert names(f"@{root}/data/list.txt") == ["a/x.jpg", "y.png"]


def test_a_piped_list_is_relative_to_the_working_folder(make_files, monkeypatch):
    monkeypatch.chdir(make_files("a/x.jpg", "b/x.jpg"))
    assert names("-", list_stream=["a/x.jpg\n", "# no\n", "b/x.jpg"]) == ["a/x.jpg", "b/x.jpg"]


def test_a_list_may_name_absolute_paths_and_folders(make_files, monkeypatch):
    root = make_files("far/x.jpg", "far/deep/y.jpg", "here/z.jpg")
    monkeypatch.chdir(root / "here")
    assert names("-", list_stream=[f"{root}/far"]) == ["deep/y.jpg", "x.jpg"]


def test_a_missing_line_of_a_list_is_listed_and_fails_later(make_files, monkeypatch):
    monkeypatch.chdir(make_files("x.jpg"))
    found = discover(["-"], list_stream=["x.jpg", "gone.jpg"])
    assert [(picture.name, picture.size_bytes) for picture in found.pictures] == [
        ("x.jpg", 0),
        ("gone.jpg", 0),
    ]


def test_a_list_of_which_nothing_is_there_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"none of its 2 paths is there; the first is .*a\.jpg"):
        discover(["-"], list_stream=["a.jpg", "b.jpg"])


def test_a_missing_list_is_told(tmp_path):
    with pytest.raises(InputError, match="the list cannot be read"):
        discover([f"@{tmp_path}/no.txt"])


def test_a_missing_source_is_told(tmp_path):
    with pytest.raises(InputError, match=r"photos: there is no such file or folder\."):
        discover([str(tmp_path / "photos")])


def test_a_pattern_without_a_match_is_told(tmp_path):
    with pytest.raises(InputError, match="no file matches"):
        discover([f"{tmp_path}/*.jpg"])


def test_finding_nothing_says_what_was_seen(make_files):
    root = make_files("a.txt", "b.txt", "c.csv")
    with pytest.raises(
        NoInputsError, match=r"3 files with other extensions seen \(\.txt 2, \.csv 1\)"
    ):
        discover([str(root)])


def test_an_empty_list_finds_nothing():
    with pytest.raises(NoInputsError):
        discover(["-"], list_stream=[])


def test_pictures_known_from_before_are_not_given_again(make_files):
    root = make_files("b.jpg", "c.jpg")
    known = discover([str(root)]).pictures
    make_files("a.jpg")
    new = discover([str(root)], known=known).pictures
    assert [(picture.picture_id, picture.name) for picture in new] == [(3, "a.jpg")]
    assert discover([str(root)], known=[*known, *new]).pictures == ()


def test_a_new_picture_never_takes_a_known_name(make_files):
    root = make_files("one/x.jpg", "two/x.jpg")
    known = discover([str(root / "one")]).pictures
    assert names(root / "two", known=known) == ["two/x.jpg"]


@pytest.mark.skipif(os.name == "nt", reason="Windows names are always text")
def test_a_name_that_is_no_valid_text_is_listed_under_a_safe_one(tmp_path):
    location = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    Path(os.fsdecode(location)).touch()
    (picture,) = discover([str(tmp_path)]).pictures
    assert picture.name == "caf%E9.jpg"
    assert os.fsencode(picture.location) == location


def test_a_folder_that_may_not_be_read_is_reported(make_files, monkeypatch):
    root = make_files("a.jpg", "secret/b.jpg")
    scan = os.scandir

    def scandir(path):
        if str(path).endswith("secret"):
            raise PermissionError
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = discover([str(root)])
    assert len(found.pictures) == 1
    assert found.unreadable_folders == (str(root / "secret"),)


def test_a_broken_link_is_listed_and_fails_later(tmp_path):
    (tmp_path / "x.jpg").symlink_to(tmp_path / "gone.jpg")
    assert names(tmp_path) == ["x.jpg"]


def test_a_folder_called_like_a_picture_is_a_folder(make_files):
    assert names(make_files("x.jpg/y.png")) == ["x.jpg/y.png"]


def test_a_tilde_that_names_nobody_is_part_of_a_name(make_files):
    root = make_files("a.jpg")
    (root / "list.txt").write_text("~nobody-of-that-name/b.jpg\na.jpg\n")
    found = discover([f"@{root / 'list.txt'}"]).pictures
    assert [picture.name for picture in found] == ["~nobody-of-that-name/b.jpg", "a.jpg"]
    for source in ("~nobody-of-that-name/*.jpg", "@~nobody-of-that-name/list.txt"):
        with pytest.raises(InputError, match="nobody-of-that-name"):
            discover([source])


def test_only_ends_of_lines_part_a_list(make_files):
    name = "a\x0bb\u2028c.jpg"
    root = make_files(name, "d.jpg")
    (root / "list.txt").write_bytes(f"{name}\r\nd.jpg\n".encode())
    found = discover([f"@{root / 'list.txt'}"]).pictures
    assert [picture.location for picture in found] == [str(root / name), str(root / "d.jpg")]


def test_a_source_without_a_name_is_told():
    with pytest.raises(InputError, match="A source without a name: there is no such"):
        discover([""])


RUN = ("run/run.json", "run/journal/pictures.jsonl", "run/overlays/a.jpg", "run/frames/b/0.png")


def test_an_earlier_run_in_a_folder_is_passed_over_and_told(make_files):
    root = make_files("a.jpg", *RUN, "run/exports/c.png")
    found = discover([str(root)])
    assert [picture.name for picture in found.pictures] == ["a.jpg"]
    assert found.earlier_runs == (str(root / "run"),)
    assert found.other_extensions == {}


def test_an_earlier_run_is_told_once_however_many_sources_meet_it(make_files):
    root = make_files("a.jpg", *RUN)
    found = discover([str(root), f"{root}/**/*", f"{root}/*", str(root / "run"), f"{root}/*/*/*"])
    assert [picture.name for picture in found.pictures] == ["a.jpg"]
    assert found.earlier_runs == (str(root / "run"),)


def test_frames_of_an_earlier_run_are_taken_when_they_are_named(make_files):
    root = make_files(*RUN)
    assert names(root / "run" / "frames") == ["b/0.png"]
    assert names(f"{root}/run/frames/*/*.png") == ["b/0.png"]
    assert names(root / "run" / "overlays" / "a.jpg") == ["a.jpg"]


def test_a_folder_with_only_one_of_a_runs_marks_is_no_run(make_files):
    root = make_files("x/run.json", "x/a.jpg", "y/journal/2024.txt", "y/b.jpg")
    assert names(root) == ["x/a.jpg", "y/b.jpg"]


def test_a_source_that_is_a_run_says_how_to_label_its_frames(make_files):
    root = make_files(*RUN)
    with pytest.raises(NoInputsError, match=r"run is an earlier run .* such as its frames"):
        discover([str(root / "run")])


def test_the_output_folder_is_not_told_as_an_earlier_run(make_files):
    root = make_files("a.jpg", *RUN)
    assert discover([str(root)], output=root / "run").earlier_runs == ()
