"""The port of generators: sizes, records, who serves what; with a painter that needs no network."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import painter
from tinct.errors import (
    DamagedModelError,
    MissingModelError,
    NoGeneratorError,
    ParameterError,
    PromptTooLongError,
)
from tinct.imaging.invention import invent, made_by
from tinct.models.generators import registry, uses
from tinct.models.generators.port import Facts, Request, SizeRule

SQUARES = SizeRule(fixed=((1024, 1024), (1024, 1536), (1536, 1024)))


pytestmark = pytest.mark.usefixtures("no_generators_yet")


@given(st.integers(1, 4096), st.integers(1, 4096))
def test_every_size_becomes_one_that_the_rule_allows(height: int, width: int) -> None:
    rule = SizeRule()
    fitted = rule.fit(height, width)
    assert all(side >= rule.multiple and side % rule.multiple == 0 for side in fitted)
    assert fitted[0] * fitted[1] <= rule.most_pixels


def test_a_size_within_reach_is_rounded_up_and_one_beyond_keeps_its_shape() -> None:
    assert SizeRule().fit(501, 640) == (504, 640)
    height, width = SizeRule().fit(3000, 4000)
    assert height * width == pytest.approx(512**2, rel=0.05)
    assert width / height == pytest.approx(4 / 3, rel=0.05)


@pytest.mark.parametrize(
    ("wanted", "fitted"), [((700, 1000), (1024, 1536)), ((90, 100), (1024, 1024)), ((900, 500), (1536, 1024))]
)
def test_of_fixed_sizes_the_nearest_shape_is_taken(wanted: tuple[int, int], fitted: tuple[int, int]) -> None:
    assert SQUARES.fit(*wanted) == fitted


def test_a_size_that_does_not_divide_is_worked_at_larger_and_cut_back() -> None:
    use = painter.install()
    made = invent(Request(prompt="a red chair", size=(101, 115)))
    whole = painter.Painter(use).make(Request(prompt="a red chair", size=(104, 120)), lambda share: None)
    assert made.worked_at == (104, 120)
    np.testing.assert_array_equal(made.picture, whole[:101, :115])


def test_a_picture_comes_back_in_its_place_from_any_working_size() -> None:
    ramp = np.zeros((300, 900, 3), np.uint8)
    ramp[..., 0] = np.linspace(0, 250, 900, dtype=np.uint8)
    ramp[..., 1] = np.linspace(0, 250, 300, dtype=np.uint8)[:, None]
    mask = np.zeros((300, 900), np.uint8)
    mask[100:200, 300:400] = 255
    for sizes in (SizeRule(native=128, most_pixels=256 * 256), SQUARES):
        generator = painter.Painter(painter.painter(sizes=sizes))
        made = made_by(generator, Request(prompt="a cat", size=(300, 900), picture=ramp, mask=mask))
        far = np.abs(made.picture.astype(int) - ramp)[:80, :250]  # the painter adds 1 outside its mask
        assert made.picture.shape == ramp.shape
        assert far.max() <= 8
        (asked,) = generator.asked
        assert asked.mask is not None
        assert set(np.unique(asked.mask)) == {0, 255}


def test_where_nothing_is_registered_nothing_takes_its_place() -> None:
    assert registry.served() == {}
    with pytest.raises(NoGeneratorError, match="tinct models use text-to-image"):
        invent(Request(prompt="a red chair", size=(128, 128)))


def test_one_that_can_do_more_serves_what_nothing_was_registered_for() -> None:
    painter.install("text-to-image", name="all")
    assert {task: use.facts.name for task, use in registry.served().items()} == dict.fromkeys(
        ("text-to-image", "image-to-image", "inpaint"), "all"
    )
    painter.install("inpaint", ("inpaint",), name="masks")
    assert registry.demand("inpaint").facts.name == "masks"
    assert registry.demand("image-to-image").facts.name == "all"
    assert uses.forget("text-to-image")
    assert set(registry.served()) == {"inpaint"}


def test_a_seed_gives_the_same_picture_again_and_another_gives_another() -> None:
    painter.install()
    first, again, other = (
        invent(Request(prompt="a red chair", size=(128, 128), seed=seed)).picture for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_progress_that_raises_stops_before_the_next_step() -> None:
    painter.install()
    heard: list[float] = []

    def stop(share: float) -> None:
        heard.append(share)
        if len(heard) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        invent(Request(prompt="a red chair", size=(128, 128), steps=10), stop)
    assert heard == [0.1, 0.2]


def test_a_prompt_that_is_too_long_is_refused_and_not_cut() -> None:
    painter.install()
    with pytest.raises(PromptTooLongError, match="prompt: 21 tokens"):
        invent(Request(prompt="chair " * 21, size=(128, 128)))
    with pytest.raises(PromptTooLongError, match="negative: 21 tokens"):
        invent(Request(prompt="chair", negative="x " * 21, size=(128, 128)))


def test_a_record_knows_its_files_and_refuses_others(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "a.json").write_text("{}")
    (folder / "b.safetensors").write_bytes(b"weights")
    files = tuple(uses.UsedFile.of(path, path.name) for path in sorted(folder.iterdir()))
    use = painter.painter().model_copy(update={"where": str(folder), "files": files})
    uses.keep("inpaint", use)
    assert uses.recorded() == {"inpaint": use}
    registry.opened(registry.demand("inpaint"))
    registry.drop()
    (folder / "b.safetensors").write_bytes(b"WEIGHTS")
    with pytest.raises(DamagedModelError, match=r"b\.safetensors"):
        registry.opened(use)
    damaged = uses.damage(use)
    assert isinstance(damaged, DamagedModelError)
    assert files[1].sha256 in damaged.message
    (folder / "a.json").unlink()
    with pytest.raises(MissingModelError, match=r"a\.json"):
        registry.opened(use)


def test_a_damaged_record_says_how_to_make_it_anew(tmp_path: Path) -> None:
    painter.install()
    (tmp_path / "models" / "generators" / "text-to-image.json").write_text("{")
    with pytest.raises(DamagedModelError, match="tinct models use text-to-image"):
        registry.served()


def test_an_engine_that_python_does_not_find_is_named() -> None:
    painter.install(engine="no_such:thing")
    with pytest.raises(ParameterError, match="no_such"):
        invent(Request(prompt="a red chair", size=(128, 128)))


def test_facts_foretell_the_seconds_of_a_picture() -> None:
    facts = Facts(engine="x", name="x", family="x", licence="x", serves=frozenset(), step_s=2.0, steps=10)
    assert facts.estimate((512, 512)) == pytest.approx(20)
    assert facts.estimate((256, 512), steps=5) == pytest.approx(5)
