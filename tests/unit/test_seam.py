"""Light at a seam: what is carried from where the photo is known to where it is not."""

import numpy as np
import pytest

from tinct.imaging.seam import missed_light


def _side(height: int = 120, width: int = 180, seam: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """A photo in the middle third, and where its seam is."""
    rng = np.random.default_rng(0)
    own = np.clip(0.5 + rng.normal(0, 0.02, (height, width, 3)), 0, 1).astype(np.float32)
    known = np.zeros((height, width), np.float32)
    known[:, width // 3 : width // 3 + seam] = known[:, 2 * width // 3 - seam : 2 * width // 3] = 1
    return own, known


def test_an_error_that_is_the_same_everywhere_is_taken_off_everywhere() -> None:
    own, known = _side()
    made = own + np.array([0.1, -0.05, 0.02], np.float32)
    left = made + missed_light(own * known[..., None], made, known) - own
    assert np.abs(left).max() < 0.004


def test_an_error_that_differs_between_two_seams_is_taken_off_at_each() -> None:
    own, known = _side()
    error = np.linspace(-0.12, 0.12, own.shape[1], dtype=np.float32)[None, :, None]
    left = error + missed_light(own * known[..., None], own + error, known)
    for beside in (np.s_[:, 50:60], np.s_[:, 120:130]):
        assert np.abs(left[beside]).max() < 0.025
    assert np.abs(left[:, :40]).mean() < 0.5 * np.abs(error[:, :40]).mean()


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (3, 700), (900, 40)])
def test_any_shape_will_do(size: tuple[int, int]) -> None:
    own, made = np.full((*size, 3), 0.5, np.float32), np.full((*size, 3), 0.6, np.float32)
    np.testing.assert_allclose(missed_light(own, made, np.ones(size, np.float32)), -0.1, atol=1e-4)


def test_where_nothing_is_known_nothing_is_taken_off_and_no_error_moves_light_far() -> None:
    own, known = _side()
    assert not missed_light(own, own + np.float32(0.1), np.zeros_like(known)).any()
    assert np.abs(missed_light(own, np.zeros_like(own), known)).max() <= 0.2 + 1e-6
