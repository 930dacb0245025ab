"""Files that are whole, files that are wrong, and files that mean harm."""

import contextlib
import os
import struct
import zipfile

import pytest
import torch
from safetensors.torch import save_file

from yolact_cli.errors import ChecksumError, NotACheckpointError
from yolact_cli.zoo import container
from yolact_cli.zoo.checkpoint import read_checkpoint, read_tensors

BOTH_FORMS = pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])


class Harmful:
    """Unpickled with trust, makes a folder."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.fixture
def small():
    return {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor(7)}


@BOTH_FORMS
def test_both_forms_give_the_tensors(save, small, legacy):
    tensors = read_tensors(save(small, legacy=legacy))
    assert torch.equal(tensors["a"], small["a"])
    assert torch.equal(tensors["b"], small["b"])


@BOTH_FORMS
def test_tensors_may_share_a_storage(save, legacy):
    whole = torch.arange(6.0)
    tensors = read_tensors(save({"a": whole[:3], "b": whole.view(2, 3).T}, legacy=legacy))
    assert torch.equal(tensors["b"], whole.view(2, 3).T)


def test_training_states_may_hold_numbers_and_text(save):
    state = {"step": 2**70, "loss": 0.5, "names": ["a", None], "on": True, "t": torch.ones(2)}
    assert read_checkpoint(save(state))["step"] == 2**70


@BOTH_FORMS
def test_code_is_refused_and_never_run(save, small, tmp_path, legacy):
    path = save({**small, "c": Harmful(tmp_path / "harm")}, legacy=legacy)
    with pytest.raises(NotACheckpointError, match=r"asks to call (posix|nt)\.mkdir.*executed"):
        read_tensors(path)
    assert not (tmp_path / "harm").exists()


@BOTH_FORMS
def test_whole_modules_are_refused(save, legacy):
    with pytest.raises(NotACheckpointError, match=r"asks to call torch\.nn"):
        read_tensors(save(torch.nn.Linear(2, 2), legacy=legacy))


@BOTH_FORMS
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.99])
def test_cut_off_files_are_refused(save, legacy, kept):
    path = save({"a": torch.zeros(4000)}, legacy=legacy)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(NotACheckpointError, match=r"cut off|damaged"):
        read_tensors(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "it is empty", id="empty"),
        pytest.param(b"\n<!DOCTYPE html><html>", "a web page", id="web page"),
        pytest.param(b"version https://git-lfs.github.com/spec/v1", "Git LFS", id="LFS pointer"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "a picture", id="picture"),
        pytest.param(b"\x1f\x8b\x08", "gzip", id="gzip"),
        pytest.param(b"hello there", "begins with b'hello th'", id="text"),
        pytest.param(b"PK\x03\x04" + b"\0" * 400, "cut off", id="zip without an end"),
        pytest.param(b"\x80\x04\x95", "begins with", id="another pickle"),
    ],
)
def test_foreign_files_are_refused(tmp_path, content, reason):
    path = tmp_path / "w.pth"
    path.write_bytes(content)
    with pytest.raises(NotACheckpointError, match=reason):
        read_tensors(path)


def test_other_zip_archives_are_refused(tmp_path):
    path = tmp_path / "w.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("letter.txt", "hello")
    with pytest.raises(NotACheckpointError, match=r"not one that torch\.save wrote"):
        read_tensors(path)


def test_large_files_are_not_opened(save, small, monkeypatch):
    path = save(small)
    monkeypatch.setattr(container, "MAX_CHECKPOINT_BYTES", 100)
    with pytest.raises(NotACheckpointError, match="no checkpoint above 100"):
        read_tensors(path)


def rewrite(path, change):
    """Copy the archive with each member's bytes passed through ``change(name, content)``."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(name, change(name, content))


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_checksum_is_compared_before_anything_is_parsed(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"neither form")
    with pytest.raises(ChecksumError, match="was promised"):
        read_tensors(path, sha256="0" * 64)


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_size_is_limited_before_the_checksum_is_made(tmp_path, name, monkeypatch):
    (tmp_path / name).write_bytes(b"x" * 200)
    monkeypatch.setattr(container, "MAX_CHECKPOINT_BYTES", 100)
    with pytest.raises(NotACheckpointError, match="no checkpoint above 100"):
        read_tensors(tmp_path / name, sha256="0" * 64)


def test_compressed_archives_are_refused(save, small):
    path = save({"a": torch.zeros(1_000_000)})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(NotACheckpointError, match="compressed"):
        read_tensors(path)


def test_declared_sizes_beyond_the_file_are_refused(save, small):
    path = save(small)
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = struct.pack("<I", 2_000_000_000)
    path.write_bytes(content)
    with pytest.raises(NotACheckpointError, match=r"more bytes than the file|damaged|not a usable"):
        read_tensors(path)


def test_tensor_larger_than_its_storage_is_refused(save):
    path = save({"a": torch.zeros(200)})
    large = b"J" + struct.pack("<i", 2_000_000_000)

    def enlarge(name, content):
        return content.replace(b"K\xc8\x85", large + b"\x85") if name.endswith(".pkl") else content

    rewrite(path, enlarge)
    with pytest.raises(NotACheckpointError, match=r"shape \(2000000000,\).*on 200 stored"):
        read_tensors(path)


def test_storage_larger_than_its_bytes_is_refused(save):
    path = save({"a": torch.zeros(200)})
    large = b"J" + struct.pack("<i", 2_000_000_000)

    def enlarge(name, content):
        return content.replace(b"K\xc8", large) if name.endswith(".pkl") else content

    rewrite(path, enlarge)
    with pytest.raises(NotACheckpointError, match=r"storage 0 should be 8,000,000,000 bytes"):
        read_tensors(path)


def test_legacy_storage_larger_than_the_file_is_refused(save):
    path = save({"a": torch.zeros(200)}, legacy=True)
    content = path.read_bytes().replace(b"K\xc8", b"J" + struct.pack("<i", 2_000_000_000))
    path.write_bytes(content)
    with pytest.raises(NotACheckpointError, match=r"cut off.*of 8,000,"):
        read_tensors(path)


@BOTH_FORMS
def test_expanded_views_are_refused(save, legacy):
    view = torch.zeros(1).expand(1_000_000, 1_000_000)
    with pytest.raises(NotACheckpointError, match="on 1 stored numbers"):
        read_tensors(save({"a": view}, legacy=legacy))


def test_archive_with_a_twin_member_is_refused(save, small):
    path = save(small)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(archive.namelist()[0], b"other")
    with pytest.raises(NotACheckpointError, match="one name"):
        read_tensors(path)


def test_tar_in_disguise_is_refused(save, small):
    path = save(small, legacy=True)
    content = bytearray(path.read_bytes().ljust(2048, b"\0"))
    name = content[:100]
    content[100:512] = b"\0" * 412
    content[257:265] = b"ustar\x0000"
    content[124:136] = b"00000000000\0"
    content[148:156] = b" " * 8
    content[:100] = name
    content[148:156] = b"%06o\0 " % sum(content[:512])
    path.write_bytes(content)
    with pytest.raises(NotACheckpointError, match="tar archive"):
        read_tensors(path)


@pytest.mark.parametrize("content", [[1, 2], torch.ones(3)], ids=["list", "tensor"])
def test_other_contents_are_refused(save, content):
    with pytest.raises(NotACheckpointError, match="not named tensors"):
        read_tensors(save(content))


def test_a_checkpoint_without_tensors_is_refused(save):
    with pytest.raises(NotACheckpointError, match="holds no tensors at all"):
        read_tensors(save({}))


def test_training_state_is_no_state_dict(save, small):
    with pytest.raises(NotACheckpointError, match=r"'epoch' is a int.*bare state_dict"):
        read_tensors(save({"epoch": 3, "state_dict": small}))


def test_safetensors_gives_the_tensors(tmp_path, small):
    save_file(small, tmp_path / "w.safetensors")
    assert torch.equal(read_tensors(tmp_path / "w.safetensors")["a"], small["a"])


@pytest.mark.parametrize("kept", [0, 4, 30, 0.9])
def test_cut_off_safetensors_are_refused(tmp_path, small, kept):
    path = tmp_path / "w.safetensors"
    save_file(small, path)
    content = path.read_bytes()
    path.write_bytes(content[: kept if isinstance(kept, int) else int(len(content) * kept)])
    with pytest.raises(NotACheckpointError, match=r"safetensors file"):
        read_tensors(path)


def test_safetensors_with_an_endless_header_is_refused(tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", 2**60) + b"{}")
    with pytest.raises(NotACheckpointError, match="makes no sense"):
        read_tensors(path)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        pytest.param(b"{not json", "property name", id="no JSON"),
        pytest.param(b"\xff\xfe{}", "not a safetensors file", id="no text"),
        pytest.param(b"[1, 2]", "no table of tensors", id="a list"),
        pytest.param(b'{"__metadata__": [1]}', "no table of tensors", id="metadata a list"),
        pytest.param(b'{"a": {"dtype": "F32"}}', "not a usable", id="no shape"),
        pytest.param(b"[" * 100_000, "not a safetensors file", id="deep"),
        pytest.param(
            b'{"a":{"dtype":"F32","shape":[1000000000],"data_offsets":[0,4000000000]}}',
            "not a usable",
            id="more numbers than the file has",
        ),
    ],
)
def test_safetensors_with_a_corrupt_header_is_refused(tmp_path, header, reason):
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 16)
    with pytest.raises(NotACheckpointError, match=reason):
        read_tensors(path)


@BOTH_FORMS
def test_random_damage_never_gets_through_as_anything_but_an_error(save, small, legacy):
    path = save(small, legacy=legacy)
    whole = path.read_bytes()
    generator = torch.Generator().manual_seed(0)
    for _ in range(60):
        place = int(torch.randint(len(whole), (1,), generator=generator))
        spoilt = bytearray(whole)
        spoilt[place] ^= 0x55
        path.write_bytes(spoilt)
        with contextlib.suppress(NotACheckpointError):
            read_tensors(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [({}, "holds no tensors at all"), ({1: torch.zeros(2)}, "its tensors have no names")],
)
def test_a_container_without_named_tensors_says_what_it_lacks(tmp_path, content, reason):
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(NotACheckpointError, match=reason):
        read_tensors(tmp_path / "x.pth")
