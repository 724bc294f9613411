"""Simulated traffic: cars that follow each other up to a traffic light, by a known rule.

Each car accelerates by the intelligent driver model, here with a time step of 0.2 s:

    a = A (1 - (v / v0)^4 - (s* / s)^2),    s* = s0 + v T + v dv / (2 sqrt(A b))

v is its speed, v0 the one it wishes for, s the gap to the car in front and dv the speed at which
the gap shrinks. A red light is a standing car at the stop line, for whoever can still stop.

All of it is generated, and every car keeps to the rule: no one swerves, sleeps or walks here.
Source of the rule: Treiber, Hennecke and Helbing 2000. Chapter: 1_2_areas.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

STEP = 0.2  # seconds
LENGTH = 4.5  # of a car, metres
CARS = 2  # the first has only the light before it, the second has the first
LINE = 0.0  # position of the stop line, metres
MAX_BRAKING = 8.0  # m/s^2
SEEN, AHEAD = 2.0, 4.0  # seconds that a forecast is given, and that it looks ahead
A, B, GAP, HEADWAY = 1.5, 2.0, 2.0, 1.3  # acceleration, braking, metres, seconds


class Drives(NamedTuple):
    """N scenes of CARS cars over T steps."""

    position: NDArray[np.float32]  # (N, T, CARS) of the front bumper, metres from the stop line
    red: NDArray[np.bool_]  # (N, T) whether the light is red


def simulate(scenes: int, seconds: float, seed: int, light: bool = True) -> Drives:
    """Random scenes from the rule above.

    Args:
        scenes: how many.
        seconds: how long each lasts.
        light: whether there is one; else the road is free.

    Raises:
        ValueError: for less than 1 scene, or less than two steps.
    """
    steps = round(seconds / STEP)
    if scenes < 1 or steps < 2:
        raise ValueError(f"expected at least 1 scene and 2 steps, got {scenes} and {steps}")
    rng = np.random.default_rng(seed)
    wish = rng.uniform(9, 17, (scenes, CARS))
    speed = wish * rng.uniform(0.7, 1.0, (scenes, CARS))
    gaps = rng.uniform(8, 30, (scenes, CARS - 1))
    first = -rng.uniform(20, 140, scenes)
    behind = np.cumsum(gaps + LENGTH, axis=1)
    position = np.concatenate([first[:, None], first[:, None] - behind], axis=1)
    # Red for a while, or green that turns red, or red that turns green, at some time in the scene.
    turns = rng.uniform(0, seconds, scenes)
    starts_red = rng.random(scenes) < 0.5
    at, lights = np.empty((scenes, steps, CARS), np.float32), np.zeros((scenes, steps), bool)
    for t in range(steps):
        red = (starts_red ^ (t * STEP >= turns)) & light
        at[:, t], lights[:, t] = position, red
        accelerate = _accelerate(position, speed, wish, red)
        speed = np.maximum(speed + accelerate * STEP, 0)
        position = position + speed * STEP
    return Drives(at, lights)


def _accelerate(
    position: np.ndarray, speed: np.ndarray, wish: np.ndarray, red: np.ndarray
) -> np.ndarray:
    """(N, CARS) metres per second squared."""
    before = np.concatenate([np.full_like(position[:, :1], np.inf), position[:, :-1] - LENGTH], 1)
    closing = speed - np.concatenate([speed[:, :1], speed[:, :-1]], axis=1)
    # A car stops for red if it can do so without braking harder than 2 B.
    to_line = LINE - position
    stops = red[:, None] & (to_line > speed**2 / (4 * B)) & (position < LINE)
    gap = np.maximum(before - position, 0.1)
    interaction = np.minimum(_wanted_gap(speed, closing) / gap, 10) ** 2
    at_line = np.minimum(_wanted_gap(speed, speed) / np.maximum(to_line, 0.1), 10) ** 2
    interaction = np.where(stops, np.maximum(interaction, at_line), interaction)
    return np.maximum(A * (1 - (speed / wish) ** 4 - interaction), -MAX_BRAKING)


def _wanted_gap(speed: np.ndarray, closing: np.ndarray) -> np.ndarray:
    return GAP + np.maximum(speed * HEADWAY + speed * closing / (2 * np.sqrt(A * B)), 0)


class Forecasts(NamedTuple):
    """What is known of the second car of N scenes, and where it then went."""

    seen: NDArray[np.float32]  # (N, SEEN / STEP, 5): both speeds, gap, way to the line, red light
    went: NDArray[np.float32]  # (N, AHEAD / STEP) metres from where it was last seen
    constant: NDArray[np.float32]  # (N, AHEAD / STEP) the same at the last speed


def forecasts(scenes: int, seed: int, light: bool = True) -> Forecasts:
    """Simulated scenes of 6 seconds, cut into what is seen and what comes then."""
    seen, ahead = round(SEEN / STEP), round(AHEAD / STEP)
    position, red = simulate(scenes, SEEN + AHEAD + STEP, seed, light)
    moved = np.diff(position, axis=1)[:, :seen]  # metres per step
    now = slice(1, seen + 1)
    own, front = position[:, now, 1], position[:, now, 0]
    # Scaled so that all are about 1.
    columns = [moved[..., 1] / 3, moved[..., 0] / 3, (front - own) / 30, own / 100, red[:, now]]
    last = position[:, seen, 1][:, None]
    return Forecasts(
        np.stack(columns, axis=-1).astype(np.float32),
        position[:, seen + 1 :, 1] - last,
        moved[:, -1, 1][:, None] * np.arange(1, ahead + 1, dtype=np.float32),
    )
