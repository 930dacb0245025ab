"""Thresholds chosen on half of real photographs, checked on the other half.

``pytest -m slow -s tests/cli/test_thresholds_hold.py`` labels 316 photographs with the embedded
model and prints the table.
"""

import json

import pytest

from yolact_cli.cli.main import main
from yolact_cli.scoring.suggest import wilson_upper

TARGETS = {"precision=0.6": "precision", "precision=0.7": "precision", "recall=0.2": "recall"}


@pytest.fixture
def halves(shared_dir, tmp_path):
    """Pictures of both sets under the twenty shared classes: a list of them, and two truths."""
    voc = json.loads((shared_dir / "data/voc20/val.json").read_text())
    coco = json.loads((shared_dir / "data/coco80-val/annotations.json").read_text())
    ids = {one["name"]: one["id"] for one in voc["categories"]}
    coco_names = {one["id"]: one["name"] for one in coco["categories"]}
    truths = [{"categories": voc["categories"], "images": [], "annotations": []} for _ in (0, 1)]
    paths = []
    for document, folder in ((voc, "voc20"), (coco, "coco80-val")):
        half_of = {}
        for place, image in enumerate(document["images"]):
            half_of[image["id"]] = place % 2
            paths.append(
                shared_dir / "data" / folder / "images" / image["file_name"].split("/")[-1]
            )
            truths[place % 2]["images"].append({**image, "id": (folder, image["id"])})
        for one in document["annotations"]:
            name = coco_names[one["category_id"]] if document is coco else None
            category_id = ids.get(name) if document is coco else one["category_id"]
            if category_id is not None:
                place = (folder, one["image_id"])
                truths[half_of[one["image_id"]]]["annotations"].append(
                    {**one, "image_id": place, "category_id": category_id}
                )
    (tmp_path / "pictures.txt").write_text("\n".join(map(str, paths)))
    for half, truth in enumerate(truths):
        numbers = {image["id"]: number for number, image in enumerate(truth["images"])}
        for image in truth["images"]:
            image["id"] = numbers[image["id"]]
        for number, one in enumerate(truth["annotations"]):
            one.update(id=number, image_id=numbers[one["image_id"]])
        (tmp_path / f"half{half}.json").write_text(json.dumps(truth))
    return tmp_path


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.timeout(1800)
def test_what_thresholds_promise_on_one_half_holds_on_the_other(halves, capsys):
    run = halves / "run"
    arguments = [f"@{halves / 'pictures.txt'}", "-o", str(run), "--write", "coco"]
    assert main(["-q", "annotate", *arguments, "--score-threshold", "0", "--device", "cpu"]) == 0
    lines = []
    for target, figure in TARGETS.items():
        chosen = halves / f"{target}.toml"
        suggest = ["--suggest-thresholds", target, "--thresholds-file", str(chosen), "--json"]
        capsys.readouterr()
        assert main(["-q", "score", str(run), str(halves / "half0.json"), *suggest]) == 0
        suggested = json.loads(capsys.readouterr().out)["suggestion"]
        check = ["--thresholds", str(chosen), "--iou-type", "segm", "--json"]
        assert main(["-q", "score", str(run), str(halves / "half1.json"), *check]) == 0
        other = json.loads(capsys.readouterr().out)["segm"]
        lines += list(checked(target, figure, suggested, other))
    with capsys.disabled():
        print("\n" + "\n".join(line for line, _ in lines))
    assert all(holds for _, holds in lines)


def checked(target, figure, suggested, other):
    """A line for all classes together and for each with a threshold of its own."""
    kept = {one["name"]: one["kept"] for one in other["classes"]}
    own = [name for name, one in suggested["classes"].items() if one["source"] == "own"]
    value = float(target.split("=")[1])
    rows = [(name, kept[name]) for name in own]
    if figure == "precision":  # a recall is not promised where no threshold reaches it
        rows.insert(0, ("all classes", other["kept"]))
    for name, point in rows:
        tries = point["predictions"] if figure == "precision" else point["objects"]
        upper = float(wilson_upper(point["hits"], tries))
        measured = point["hits"] / tries if tries else float("nan")
        chosen = suggested["classes"].get(name, suggested["kept"])[figure]
        found = f"other half {measured:.3f} of {tries}, at most {upper:.3f}"
        yield f"{target}  {name:<14} chosen on {chosen:.3f}, {found}", upper >= value
