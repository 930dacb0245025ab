"""Files that people edit are never replaced; everything else is as the last export says."""

import json

import pytest

from yolact_cli.errors import OutputError
from yolact_cli.formats.kept_files import KeptFiles, open_ledger
from yolact_cli.store import LocalStore


@pytest.fixture
def export(tmp_path):
    """``export({"a": b"..."})`` writes these files as one export does; gives the tally."""

    def run(files, *, name="labelme", overwrite=False, finish=True, remove_others=True):
        with open_ledger(tmp_path / "out", name, overwrite=overwrite) as ledger:
            store = KeptFiles(ledger)
            for path, data in files.items():
                store.put(path, data)
            if finish:
                ledger.finish(remove_others=remove_others)
        return ledger.tally

    return run


@pytest.fixture
def out(tmp_path):
    return LocalStore(tmp_path / "out")


def stamps(store):
    return {path: path.stat().st_mtime_ns for path in store.root.rglob("*") if path.is_file()}


def test_a_second_export_touches_nothing(export, out):
    export({"a": b"1", "sub/b": b"2"})
    before = stamps(out)
    tally = export({"a": b"1", "sub/b": b"2"})
    assert (tally.written, tally.unchanged, tally.kept) == (0, 2, 0)
    assert stamps(out) == before


def test_a_file_as_we_wrote_it_is_replaced(export, out):
    export({"a": b"1"})
    assert export({"a": b"2"}).written == 1
    assert out.read_bytes("a") == b"2"


def test_an_edited_file_is_kept_and_named_again_and_again(export, out):
    export({"a": b"1", "b": b"1"})
    out.put("a", b"edited")
    for contents in (b"2", b"3"):
        tally = export({"a": contents, "b": contents})
        assert (tally.kept_names, tally.written) == (["a"], 1)
        assert (out.read_bytes("a"), out.read_bytes("b")) == (b"edited", contents)


def test_a_file_that_we_never_wrote_is_kept(export, out):
    out.put("a", b"somebody's")
    assert export({"a": b"1"}).kept == 1
    assert out.read_bytes("a") == b"somebody's"


def test_overwrite_replaces_edited_files(export, out):
    export({"a": b"1"})
    out.put("a", b"edited")
    assert export({"a": b"1"}, overwrite=True).written == 1
    assert out.read_bytes("a") == b"1"


def test_an_edit_taken_back_is_ours_again(export, out):
    export({"a": b"1"})
    out.put("a", b"edited")
    export({"a": b"2"})
    out.put("a", b"1")
    assert export({"a": b"2"}).written == 1


def test_files_no_longer_wanted_go_unless_they_were_edited(export, out):
    export({"a": b"1", "sub/b": b"1", "sub/c": b"1"})
    out.put("a", b"edited")
    assert export({"sub/c": b"1"}).removed == 1
    assert [path for path in out.list_files() if not path.startswith(".")] == ["a", "sub/c"]


def test_files_stay_when_not_everything_could_be_written(export, out):
    export({"a": b"1", "b": b"1"})
    export({"b": b"1"}, remove_others=False)
    assert out.exists("a")
    assert export({"a": b"2"}).written == 1


def test_formats_in_one_folder_leave_each_other_alone(export, out):
    export({"a": b"1"})
    export({"b": b"1"}, name="coco")
    assert out.exists("a")
    assert out.exists("b")


def test_a_killed_export_knows_its_files_when_it_goes_on(export, out):
    export({"a": b"1", "b": b"1"})
    export({"a": b"2"}, finish=False)
    tally = export({"a": b"3", "b": b"3"})
    assert (tally.written, tally.kept) == (2, 0)


def test_a_torn_line_of_the_index_loses_only_itself(export, out):
    export({"a": b"1", "b": b"1"})
    index = out.path_of(".yolact-labelme.jsonl")
    index.write_bytes(index.read_bytes()[:-9])
    export({"a": b"2"}, finish=False)
    tally = export({"a": b"3", "b": b"3"})
    assert (tally.written, tally.kept_names) == (1, ["b"])


def test_an_index_that_names_files_outside_is_not_followed(export, out, tmp_path):
    export({"a": b"1"})
    LocalStore(tmp_path).put("outside", b"1")
    line = json.dumps({"path": "../outside", "sha256": "00"}).encode()
    out.append(".yolact-labelme.jsonl", line + b"\n")
    export({"a": b"1"})
    assert (tmp_path / "outside").exists()


def test_an_index_of_another_version_is_refused(export, out):
    out.put(".yolact-labelme.jsonl", b'{"yolact_export": 99}\n')
    with pytest.raises(OutputError, match="this version"):
        export({"a": b"1"})


def test_a_stream_is_guarded_too(export, out, tmp_path):
    export({"a": b"1"})
    out.put("a", b"edited")
    with open_ledger(tmp_path / "out", "labelme") as ledger:
        with KeptFiles(ledger).put_stream("a") as stream:
            stream.write(b"2")
        ledger.finish(remove_others=True)
    assert ledger.tally.kept_names == ["a"]
    assert out.read_bytes("a") == b"edited"
    assert not list(out.root.glob(".*.part"))


def test_links_are_ours_to_replace_and_files_in_their_place_are_not(out, tmp_path):
    def link(target):
        with open_ledger(out.root, "yolo") as ledger:
            KeptFiles(ledger).below("images").link("a", tmp_path / target)
            ledger.finish(remove_others=True)
        return ledger.tally

    assert link("one").written == 1
    assert link("one").unchanged == 1
    assert link("two").written == 1
    out.path_of("images/a").unlink()
    out.put("images/a", b"a picture")
    assert link("three").kept_names == ["images/a"]


def test_an_export_that_writes_nothing_leaves_no_index(export, out):
    export({"a": b"1"})
    export({})
    assert not list(out.root.rglob("*"))


def test_only_what_is_as_we_wrote_it_is_deleted(export, out, tmp_path):
    export({"a": b"1", "b": b"2"})
    out.put("b", b"edited")
    with open_ledger(tmp_path / "out", "labelme", overwrite=False) as ledger:
        for path in ("a", "b"):
            KeptFiles(ledger).delete(path)
    assert not out.exists("a")
    assert out.read_bytes("b") == b"edited"
