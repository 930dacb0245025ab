"""What is measured, each in a process of its own that :func:`serve` runs in.

A line of JSON on standard input is a round, with what the part's function takes; the answer is a
line of JSON on standard output. What is loaded stays loaded from round to round.
"""

import functools
import itertools
import json
import os
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from yolact_cli.inference.postprocess import PictureKey, detections_from_candidates
from yolact_cli.inference.runtimes.graph import GraphRuntime, PictureOutputs
from yolact_cli.inference.selection import Selection
from yolact_cli.pipelines.annotate import BATCH_SIZE_CPU, annotate
from yolact_cli.pipelines.annotate_events import BatchDone, Finished
from yolact_cli.pipelines.annotate_request import AnnotateRequest
from yolact_cli.pipelines.model import ready_model
from yolact_cli.settings import LabelSettings
from yolact_cli.sources.decode import DecodeSettings, read_picture
from yolact_cli.zoo.resolve import resolve_model


def settings_of(runtime, precision):
    return LabelSettings(runtime=runtime, precision=precision)


def label(*, model, folder, output, write, runtime="auto", precision="fp32"):
    """``yolact annotate`` over a folder, start-up left out: from the first batch to the last file.

    The seconds are those of all pictures at the pace of those after the first batch.
    """
    request = AnnotateRequest(
        sources=(folder,),
        output=Path(output),
        model=resolve_model(model),
        settings=settings_of(runtime, precision),
        write=tuple(write.split(",")),
        device="cpu",
        overwrite=True,
    )
    events = annotate(request)
    first = next(event for event in events if isinstance(event, BatchDone))
    start = time.perf_counter()
    last = list(events)[-1]
    seconds = time.perf_counter() - start
    assert isinstance(last, Finished)
    counts = last.manifest["counts"]
    assert not counts["failures"]
    seconds *= counts["pictures"] / (counts["pictures"] - first.done)
    return {"seconds": seconds, "objects": counts["objects"], "pictures": counts["pictures"]}


@functools.cache
def loaded(model, runtime, precision):
    source = resolve_model(model)
    return ready_model(source, settings_of(runtime, precision), device="cpu")


@functools.cache
def resized(model, folder, count, runtime, precision):
    """Pictures as the network takes them."""
    paths = sorted(Path(folder).iterdir())[:count]
    resize = loaded(model, runtime, precision).resize
    return np.stack([resize(read_picture(str(path), DecodeSettings())) for path in paths])


def network(*, model, folder, pictures, runtime="auto", precision="fp32"):
    """The network alone over so many pictures that lie ready, its outputs looked at by nobody.

    As in a run, a batch is begun before the one before it has ended.
    """
    infer = bare_network(loaded(model, runtime, precision).runtime)
    pixels = resized(model, folder, 4 * BATCH_SIZE_CPU, runtime, precision).astype(np.float32)
    starts = itertools.cycle(range(0, len(pixels), BATCH_SIZE_CPU))
    start, done, before = time.perf_counter(), 0, ()
    while done < pictures:
        place = next(starts)
        done += len(batch := pixels[place : place + BATCH_SIZE_CPU])
        begun = infer(batch)
        for _ in before:
            pass
        before = begun
    for _ in before:
        pass
    return {"seconds": (time.perf_counter() - start) * pictures / done}


def bare_network(runner):
    """``bare_network(runtime)(pixels)`` begins with them and gives what each becomes."""
    if isinstance(runner, GraphRuntime):
        return runner._engine.infer

    def infer(pixels):
        runner.run_network(pixels)
        return ()

    return infer


@functools.cache
def plain_network(model):
    """In torch's own memory format, as it comes."""
    from yolact_cli.zoo.load import load_network

    return load_network(resolve_model(model)).eval()


def plainly(*, model, folder, output, pictures):
    """One picture after the other by torch in fp32: what stands in for the reference's eval.py.

    Decoded by OpenCV, resized and normalised by torch, masks as large as the picture all together,
    tinted one by one, saved as PNG, as the reference does.
    """
    import torch

    net, card = plain_network(model), resolve_model(model).card
    paths = sorted(Path(folder).iterdir())[:pictures]
    Path(output).mkdir(parents=True, exist_ok=True)
    start, objects = time.perf_counter(), 0
    with torch.inference_mode():
        for path in paths:
            objects += plain_picture(net, card, path, Path(output) / f"{path.stem}.png")
    return {"seconds": time.perf_counter() - start, "objects": objects}


def plain_picture(net, card, path, target):
    import torch

    from yolact_cli.geometry.boxes import decode_boxes
    from yolact_cli.inference.nms import choose_detections
    from yolact_cli.inference.runtimes.torch_runtime import cropped_soft_masks

    picture = torch.from_numpy(cv2.imread(str(path))).float()
    height, width = picture.shape[:2]
    side = card.network.input_size
    image = torch.nn.functional.interpolate(
        picture.permute(2, 0, 1)[None], (side, side), mode="bilinear", align_corners=False
    )[:, [2, 1, 0]]
    mean, std = (torch.tensor(one)[:, None, None] for one in (card.input.mean, card.input.std))
    outputs = net((image - mean) / std)
    boxes = decode_boxes(outputs.box_offsets, net.anchors(outputs))[0]
    scores = outputs.class_logits.softmax(-1)[0, :, 1:]
    chosen = choose_detections(boxes, scores, Selection(score_threshold=0.3))
    boxes = boxes[chosen.anchor_indices]
    coefficients = outputs.mask_coefficients[0][chosen.anchor_indices]
    soft = cropped_soft_masks(boxes, coefficients, outputs.prototypes[0])
    if len(soft):
        masks = torch.nn.functional.interpolate(
            soft[None], (height, width), mode="bilinear", align_corners=False
        )[0].gt(0.5)
        for mask, class_id in zip(masks, chosen.class_ids, strict=True):
            tint = torch.tensor([37.0 * (int(class_id) % 7), 200.0, 90.0])
            picture = torch.where(mask[..., None], 0.55 * picture + 0.45 * tint, picture)
    drawn = np.ascontiguousarray(picture.byte().numpy())
    edges = (boxes * torch.tensor([width, height, width, height])).round().int().tolist()
    for left, top, right, bottom in edges:
        cv2.rectangle(drawn, (left, top), (right, bottom), (40, 200, 90), 1)
        cv2.putText(drawn, "object: 0.50", (left, top), cv2.FONT_HERSHEY_DUPLEX, 0.6, (255,) * 3)
    cv2.imwrite(str(target), drawn)
    return len(soft)


COLUMNS = 10
SIZE_HW = (3000, 4000)


class ReadyMade:
    """An engine whose outputs lie ready."""

    largest_batch = None

    def __init__(self, outputs):
        self.outputs = outputs

    def infer(self, pixels):
        yield from [self.outputs] * len(pixels)

    def rescore(self, soft_masks):
        raise NotImplementedError


@functools.cache
def hundred_objects(model):
    """A runtime that finds a hundred objects, five boxes each, all over a picture.

    The boxes come to the picture's area, the median one to a hundredth of it.
    """
    config = resolve_model(model).card.network
    rng = np.random.default_rng(0)
    runtime = GraphRuntime(ReadyMade(None), config=config, selection=Selection(score_threshold=0.3))
    anchors = runtime._anchors
    areas = rng.permutation(np.linspace(0.004, 0.016, COLUMNS**2))
    ratios = rng.uniform(0.6, 1.6, COLUMNS**2)
    sizes = np.stack([np.sqrt(areas * ratios), np.sqrt(areas / ratios)], axis=1)
    cells = np.stack(np.meshgrid(*[np.arange(COLUMNS)] * 2), axis=-1).reshape(-1, 2)
    centres = (cells + 0.5) / COLUMNS
    logits = np.zeros((len(anchors), config.num_classes + 1), np.float32)
    logits[:, 0] = 12
    offsets = np.zeros((len(anchors), 4), np.float32)
    free = np.ones(len(anchors), bool)
    for place, (centre, size) in enumerate(zip(centres, sizes, strict=True)):
        for copy in range(5):
            wanted = np.concatenate([centre, size * (1 + 0.03 * copy)])
            distance = np.abs(anchors - wanted).sum(axis=1) + 9 * ~free
            anchor = int(distance.argmin())
            free[anchor] = False
            base = anchors[anchor]
            offsets[anchor, :2] = (wanted[:2] - base[:2]) / base[2:] / 0.1
            offsets[anchor, 2:] = np.log(wanted[2:] / base[2:]) / 0.2
            logits[anchor, 1 + place % config.num_classes] = 15 - 0.2 * copy
    side = -(-config.input_size // 4)
    noise = rng.normal(0, 1, (side, side, config.num_prototypes)).astype(np.float32)
    prototypes = cv2.GaussianBlur(noise, (0, 0), 4) * 12
    coefficients = np.tanh(rng.normal(0, 1, (len(anchors), config.num_prototypes)))
    prototypes[..., 0], coefficients[:, 0] = 4, 0.6  # or some masks would be empty
    runtime._engine.outputs = PictureOutputs(
        box_offsets=offsets,
        class_logits=logits,
        mask_coefficients=coefficients.astype(np.float32),
        prototypes=prototypes,
    )
    return runtime


def masks(*, model):
    """Suppression, masks and run lengths of a hundred objects on 12 megapixels: core-seconds."""
    runtime = hundred_objects(model)
    cv2.setNumThreads(1)
    outputs = runtime._engine.outputs
    key = PictureKey(picture_id=1, name="a.jpg", size_hw=SIZE_HW)
    start = time.process_time()
    candidates = runtime._candidates(outputs)
    chosen_s = time.process_time() - start
    found = detections_from_candidates(candidates, key, settings=LabelSettings(), uid_seed="")
    seconds = time.process_time() - start
    left, top, right, bottom = candidates.boxes_xyxy_norm.T
    shares = (right - left) * (bottom - top)
    return {
        "seconds": seconds,
        "suppression": chosen_s,
        "objects": len(found.instances),
        "covered": float(shares.sum()),
        "median": float(np.median(shares)),
        "mask": float(np.mean([one.area_px for one in found.instances]) / np.prod(SIZE_HW)),
    }


def serve(part):
    """Answer standard input's rounds until it ends."""
    if part == "runtimes":
        import runtime_kinds

        run = runtime_kinds.turn
    else:
        run = {"label": label, "network": network, "plainly": plainly, "masks": masks}[part]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries write to standard output
    for line in sys.stdin:
        answers.write(json.dumps(run(**json.loads(line))) + "\n")
        answers.flush()
