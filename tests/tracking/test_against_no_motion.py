"""The tracker against a matcher without motion, on clips whose identities are known."""

import pytest


@pytest.mark.parametrize(
    "scene", ["crossing", "occluded", "coming and going", "crowd", "fast and small"]
)
def test_motion_keeps_identities_better_than_overlap_alone(compare_with_no_motion, scenes, scene):
    with_motion, without = compare_with_no_motion(scenes[scene], range(2))
    assert with_motion.switches < without.switches
    assert with_motion.idf1 > without.idf1
