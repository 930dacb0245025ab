"""What the documents and the files beside them say is so."""

import re
import tomllib

import pytest
from PIL import Image

MOST_BYTES_OF_PICTURES = 1_500_000
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:home|root|Users|work|mnt)/\w")


@pytest.fixture(scope="module")
def texts(repository):
    """The project's own text files by path, without what is made by tools."""
    roots = ("yolact_cli", "models", "tests", "examples", ".github", ".ci")
    found = [path for root in roots for path in (repository / root).rglob("*")]
    paths = [path for path in found if "node_modules" not in path.parts]
    paths += [*repository.glob("*.md"), repository / "pyproject.toml"]
    suffixes = {".py", ".md", ".toml", ".sh", ".txt", ".json", ""}
    return {
        path.relative_to(repository): path.read_text(encoding="utf-8")
        for path in paths
        if path.is_file() and path.suffix in suffixes
    }


def test_no_file_names_a_folder_of_somebodys_machine(texts):
    assert [str(path) for path, text in texts.items() if MACHINE_PATH.search(text)] == []


def test_commands_that_are_told_name_files_that_are_there(texts, repository):
    told = {
        (str(path), named)
        for path, text in texts.items()
        for named in re.findall(r"(?<![\w/.-])(?:tests|examples)/[\w/]+\.(?:py|sh)\b", text)
    }
    assert len(told) > 10
    assert [one for one in sorted(told) if not (repository / one[1]).is_file()] == []


def test_extras_that_are_told_are_those_that_can_be_installed(texts, repository):
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = {
        name
        for text in texts.values()
        for names in re.findall(r"'\.\[([\w,]+)\]'", text)
        for name in names.split(",")
    }
    assert told == set(project["optional-dependencies"])


def test_documents_name_data_sets_as_everybody_does(texts):
    documents = [path for path in texts if path.suffix in {".md", ".toml"}]
    assert [str(path) for path in documents if "voc20" in texts[path]] == []


def test_the_readme_can_be_read_in_one_sitting(repository):
    assert len((repository / "README.md").read_text(encoding="utf-8").splitlines()) <= 200


def test_the_example_photographs_are_those_of_the_table_and_small(repository):
    folder = repository / "examples"
    table = (folder / "README.md").read_text(encoding="utf-8")
    pictures = {path.name: path.stat().st_size for path in (folder / "images").iterdir()}
    assert set(re.findall(r"^\| (\S+\.jpg) \|", table, re.MULTILINE)) == set(pictures)
    assert sum(pictures.values()) <= MOST_BYTES_OF_PICTURES


def test_one_example_photograph_needs_its_orientation(repository):
    with Image.open(repository / "examples" / "images" / "dog.jpg") as picture:
        orientation = picture.getexif()[0x0112]
    assert orientation == 6  # turn clockwise to look at it


def test_the_readme_gives_the_embedded_models_figures_as_its_card_does(repository):
    card = tomllib.loads((repository / "models" / "yolact_lite0.toml").read_text(encoding="utf-8"))
    block = re.search(
        r"<!-- lite0 -->(.*)<!-- /lite0 -->",
        (repository / "README.md").read_text(encoding="utf-8"),
        re.DOTALL,
    )
    figures = re.findall(r"(\d\.\d+)\s+\(AP\s+(\d\.\d+)\)", block[1])
    assert figures == [(f"{m['mask_ap50']:.2f}", f"{m['mask_ap']:.2f}") for m in card["measured"]]
