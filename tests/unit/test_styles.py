"""Styles of pictures: data that fit together, and a little picture of each."""

from typing import get_args

import numpy as np
import pytest

from tinct.effects.generate import drawn, styles
from tinct.effects.generate.styles import Name


@pytest.mark.parametrize("name", get_args(Name))
def test_a_style_adds_its_words_and_draws_its_own_picture(name: Name) -> None:
    style = styles.style(name)
    assert style.prompt("a harbour at dawn. ").startswith("a harbour at dawn, ")
    assert style.prompt("x").endswith(style.words)
    assert style.without("fog") == f"fog, {style.negative}"
    assert style.without("") == style.negative
    picture = styles.picture(name)
    assert picture is not None
    assert (picture.width, picture.height) == (320, 240)
    assert picture.pixels.std() > 15
    again = styles.picture(name)
    assert again is not None
    assert np.array_equal(picture.pixels, again.pixels)


def test_no_two_styles_look_or_read_alike() -> None:
    names = get_args(Name)
    assert len({styles.style(name).words for name in names}) == len(names)
    small = np.stack([drawn.picture(styles.style(name).drawn)[::8, ::8].astype(int) for name in names])
    apart = np.abs(small[:, None] - small[None]).mean(axis=(2, 3, 4))
    assert apart[~np.eye(len(names), dtype=bool)].min() > 3
    assert styles.picture(None) is None
