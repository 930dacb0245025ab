"""Labels that go out in a tool's format and come back untouched change nothing."""

import pytest

from yolact_cli.pipelines.export import ExportRequest, export
from yolact_cli.pipelines.import_formats import read_labels
from yolact_cli.pipelines.import_labels import ImportRequest, import_labels
from yolact_cli.pipelines.run_labels import RunLabels
from yolact_cli.settings import ExportSettings

# Of a format that writes one file, where it lies in the folder.
FILES = {
    "coco": "annotations.json",
    "cvat": "annotations.xml",
    "label-studio": "tasks.json",
    "datumaro": "annotations/default.json",
}


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("coco", "masks"),
        ("coco", "polygons"),
        ("cvat", "masks"),
        ("cvat", "polygons"),
        ("label-studio", "masks"),
        ("label-studio", "polygons"),
        ("labelme", "masks"),
        ("datumaro", "masks"),
    ],
)
def test_file_that_comes_back_untouched_accepts_everything(annotated, tmp_path, name, shapes):
    folder = annotated.store.root
    request = ExportRequest(
        run=folder,
        output=tmp_path / "sent",
        formats=(name,),
        settings=ExportSettings(shapes=shapes),
        images_dir=tmp_path / "photos",
    )
    for _ in export(request):
        pass
    read = read_labels(tmp_path / "sent" / FILES.get(name, ""), name)
    report = import_labels(read, ImportRequest(run=folder))
    assert (report.pictures, report.unknown, report.not_understood) == (3, (), ())
    assert (report.changes.kept, report.changes.is_none) == (12, True)
    before = [one.objects for one in annotated.labelled()]
    after = [one.objects for one in RunLabels.open(folder).labelled()]
    assert [[one.rle_counts for one in objects] for objects in after] == [
        [one.rle_counts for one in objects] for objects in before
    ]
