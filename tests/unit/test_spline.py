"""The spline field, the gamut and the transport step under the fits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinct.effects.migrate.cholesky import solver
from tinct.effects.migrate.spline import SplineGrid
from tinct.effects.migrate.transport import frames, sliced_step, sliced_wasserstein
from tinct.imaging.gamut import UNCLIPPED, compress, fit_gamut, max_chroma
from tinct.photo.color import oklab_to_srgb, srgb_to_oklab

BOX = SplineGrid(np.array([0.0, -50, -40]), np.array([100.0, 60, 80]), (6, 7, 8))


def _inside(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (BOX.low + rng.random((count, 3)) * (BOX.high - BOX.low)).astype(np.float32)


def test_the_basis_adds_up_to_one_everywhere():
    design = BOX.design(np.concatenate([_inside(200), [BOX.low, BOX.high, BOX.high + 99]]).astype(np.float32))
    assert np.abs(design.sum(axis=1) - 1).max() < 1e-5
    assert design.min() >= -1e-6


def test_the_field_is_the_design_matrix_times_the_coefficients():
    coefficients = np.random.default_rng(1).normal(size=(BOX.size, 3)).astype(np.float32)
    colors = _inside(300)
    assert np.abs(BOX.evaluate(coefficients, colors) - BOX.design(colors) @ coefficients).max() < 1e-4


def test_outside_the_box_the_field_is_that_of_the_nearest_face():
    coefficients = np.random.default_rng(1).normal(size=(BOX.size, 1)).astype(np.float32)
    out = np.array([[-20, 0, 0], [0, 0, 0], [50, 500, 90], [50, 60, 80]], np.float32)
    field = BOX.evaluate(coefficients, out)[:, 0]
    assert field[0] == field[1]
    assert field[2] == field[3]


def test_a_constant_has_no_roughness_and_a_ramp_none_of_second_order():
    constant = np.ones(BOX.size, np.float32)
    ramp = np.broadcast_to(np.arange(6, dtype=np.float32)[:, None, None], BOX.shape).reshape(-1)
    first, second = BOX.roughness(1, (1, 1, 1)), BOX.roughness(2, (1, 1, 1))
    assert abs(constant @ first @ constant) < 1e-5
    assert abs(ramp @ second @ ramp) < 1e-5
    assert ramp @ first @ ramp > 1e-4


@settings(deadline=None, max_examples=50)
@given(
    lightness=st.floats(0.02, 0.98),
    hue=st.floats(0, 6.28),
    chroma=st.floats(0, 0.5),
    knee=st.floats(0.1, 0.95),
)
def test_compressing_keeps_lightness_and_hue_and_lands_inside_the_gamut(lightness, hue, chroma, knee):
    color = np.array([[lightness, chroma * np.cos(hue), chroma * np.sin(hue)]], np.float32)
    inside = compress(color, knee)
    rgb = oklab_to_srgb(inside, clip=False)
    assert rgb.min() >= -0.002
    assert rgb.max() <= 1.002
    assert abs(inside[0, 0] - color[0, 0]) < 1e-6
    across = inside[0, 1] * np.sin(hue) - inside[0, 2] * np.cos(hue)
    assert abs(across) < 1e-5


def test_compressing_leaves_modest_colours_alone_and_never_swaps_two():
    rgb = np.random.default_rng(0).uniform(0.35, 0.6, (500, 3)).astype(np.float32)
    assert np.abs(fit_gamut(rgb) - rgb).max() < 2e-3
    chroma = np.linspace(0, 0.6, 200, dtype=np.float32)
    ray = np.stack([np.full(200, 0.6, np.float32), chroma * 0.8, chroma * 0.6], axis=1)
    assert (np.diff(np.hypot(*compress(ray)[:, 1:].T)) >= -1e-7).all()


def test_the_margin_keeps_every_8_bit_channel_off_its_ends():
    hues = np.linspace(0, 2 * np.pi, 90, dtype=np.float32)
    lightness = np.repeat(np.linspace(0.3, 0.9, 10, dtype=np.float32), 90)
    direction = np.tile(np.stack([np.cos(hues), np.sin(hues)], axis=1), (10, 1))
    chroma = max_chroma(lightness, direction, UNCLIPPED)
    rgb = oklab_to_srgb(np.concatenate([lightness[:, None], direction * chroma[:, None]], axis=1))
    levels = np.rint(rgb * 255)
    assert levels.min() > 0
    assert levels.max() < 255


def test_extreme_colours_come_back_finite():
    wild = np.array([[5, 5, 5], [-1, 2, -3], [0, 0, 0], [1, 1, 1], [40, -40, 0]], np.float32)
    out = fit_gamut(wild)
    assert np.isfinite(out).all()
    assert out.min() >= 0
    assert out.max() <= 1
    assert np.isfinite(srgb_to_oklab(wild)).all()


def test_transport_steps_bring_one_cloud_to_another():
    rng = np.random.default_rng(0)
    source = rng.normal(size=(800, 3)).astype(np.float32)
    target = (rng.normal(size=(800, 3)) * [3, 1, 0.5] + [5, -2, 1]).astype(np.float32)
    axes = np.linalg.qr(rng.normal(size=(3, 3)))[0].astype(np.float32)
    before = sliced_wasserstein(source, target, axes)
    for axes_of_step in frames(20, 2, 3, rng):
        source = source + sliced_step(source, target, axes_of_step)
    assert sliced_wasserstein(source, target, axes) < 0.05 * before


def test_a_cloud_does_not_move_towards_itself():
    cloud = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
    axes = frames(1, 2, 3, np.random.default_rng(1))[0]
    assert np.abs(sliced_step(cloud, cloud[::-1].copy(), axes)).max() < 3e-4  # what orders are rounded to


def test_products_by_cell_are_those_of_the_whole_matrix():
    rng = np.random.default_rng(2)
    colors, values = _inside(500), rng.normal(size=(500, 3)).astype(np.float32)
    design, basis = BOX.design(colors), BOX.basis(colors)
    assert np.abs(basis.adjoint(values) - design.T @ values).max() < 1e-3
    assert np.abs(basis.gram() - design.T @ design).max() < 1e-3


def test_the_contrast_of_pairs_is_that_of_the_whole_matrix():
    rng = np.random.default_rng(4)
    one, weight = _inside(300), rng.random(300).astype(np.float32)
    other = (one + rng.normal(size=(300, 3)) * 6).astype(np.float32)  # some in the same cell, some not
    step = BOX.design(one) - BOX.design(other)
    assert np.abs(BOX.contrast(one, other, weight) - (step * weight[:, None]).T @ step).max() < 1e-3


def test_a_solver_solves_and_refuses_what_is_not_positive_definite():
    rng = np.random.default_rng(3)
    half = rng.normal(size=(200, 200)).astype(np.float32)
    system = half @ half.T + 50 * np.eye(200, dtype=np.float32)
    right = rng.normal(size=(200, 3)).astype(np.float32)
    assert np.abs(system @ solver(system)(right) - right).max() < 1e-3
    with pytest.raises(np.linalg.LinAlgError):
        solver(-system)
