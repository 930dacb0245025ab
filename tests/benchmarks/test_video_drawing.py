"""What drawing on a video's frame costs."""

import time

import numpy as np
import pytest

from yolact_cli.writers.video_overlay import DrawnObject, draw_tracked


@pytest.mark.bench
def test_ten_large_objects_on_720p_cost_a_few_core_milliseconds(make_instance, capsys):
    rng = np.random.default_rng(1)
    y, x = np.ogrid[:720, :1280]
    objects = []
    for number in range(10):
        centre_y, centre_x = rng.uniform(100, 620), rng.uniform(150, 1130)
        radius_y, radius_x = rng.uniform(60, 200, 2)
        edge = 1 + 0.15 * np.sin(9 * np.arctan2(y - centre_y, x - centre_x))
        mask = ((y - centre_y) / radius_y) ** 2 + ((x - centre_x) / radius_x) ** 2 <= edge
        objects.append(
            DrawnObject(instance=make_instance(mask), track_id=number, name="person", score=0.9)
        )
    frame = rng.integers(0, 255, (720, 1280, 3), np.uint8)
    costs_ms = []
    for _ in range(10):
        start = time.process_time()
        for _ in range(10):
            draw_tracked(frame, objects)
        costs_ms.append(100 * (time.process_time() - start))

    with capsys.disabled():
        print(f"draw_tracked: {min(costs_ms):.1f} core-ms a 720p frame with ten objects")
    assert min(costs_ms) < 16  # twice the budget: other work may share the core
