"""data.traffic: cars keep to the rule: no crash, no red light run."""

import numpy as np
import pytest

from large_models.data import traffic
from large_models.data.traffic import LENGTH, LINE, MAX_BRAKING, STEP, forecasts, simulate


def test_nobody_drives_backwards_or_into_the_car_in_front():
    position, _ = simulate(2000, 12, seed=0)
    assert np.diff(position, axis=1).min() > -1e-3
    assert (position[:, :, 0] - position[:, :, 1]).min() > LENGTH


def test_speeds_change_as_fast_as_cars_can():
    position, _ = simulate(2000, 12, seed=1)
    change = np.diff(position, n=2, axis=1) / STEP**2
    assert change.max() < traffic.A + 0.1  # room for float32
    assert change.min() > -MAX_BRAKING - 0.1
    assert (np.diff(position, axis=1) / STEP).max() < 17.1  # the largest wish


def test_who_can_stop_stops_for_red():
    position, red = simulate(3000, 12, seed=2)
    first = position[red[:, :46].all(axis=1), :46, 0]  # red for the first 9 s
    far = first[(first[:, 0] < -60) & (first[:, 0] > -90)]  # beyond any braking way
    assert len(far) > 50 and far.max() < LINE
    assert far[:, -1].min() > -30  # and came up to the line
    # Who is too near to stop drives on.
    assert first[first[:, 0] > -21][:, -1].max() > 30


def test_without_a_light_nobody_stops():
    position, red = simulate(500, 12, seed=3, light=False)
    assert not red.any()
    assert (position[:, -1, 0] - position[:, -6, 0]).min() > 5


def test_forecasts_are_cut_from_one_drive():
    scenes = forecasts(50, seed=4)
    assert [x.shape for x in scenes] == [(50, 10, 5), (50, 20), (50, 20)]
    position, red = simulate(50, traffic.SEEN + traffic.AHEAD + STEP, seed=4)
    np.testing.assert_allclose(scenes.seen[..., 3] * 100, position[:, 1:11, 1], atol=1e-3)
    np.testing.assert_array_equal(scenes.seen[..., 4], red[:, 1:11])
    np.testing.assert_allclose(
        scenes.went, position[:, 11:, 1] - position[:, 10, 1][:, None], atol=1e-3
    )
    # The last step seen, again and again.
    np.testing.assert_allclose(scenes.constant[:, 0], scenes.seen[:, -1, 0] * 3, rtol=1e-4)
    np.testing.assert_allclose(scenes.constant[:, 19], scenes.constant[:, 0] * 20, rtol=1e-4)


@pytest.mark.parametrize(("scenes", "seconds"), [(0, 5), (5, 0.2)])
def test_bad_input_is_named(scenes, seconds):
    with pytest.raises(ValueError, match=f"got {scenes} and {round(seconds / STEP)}"):
        simulate(scenes, seconds, 0)
