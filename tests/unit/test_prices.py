"""What an order costs."""

from pathlib import Path

import pytest

from backends import Postgres, submitted
from tinct.accounts.prices import Prices, Usage
from tinct.backend import open_backend
from tinct.errors import ParameterError
from tinct.jobs.job import Order
from tinct.settings import Settings
from unit.test_jobs_service import picture

TABLE = """
[noop]
credits = 2

[many]
credits = 1
per_megapixel = 0.5
per_second = 0.5
per_file = 2

[[many.when]]
params = { number = 4 }
credits = 7
per_parameter = { seconds = 0.5 }

["youcam/bg-replace"]
credits = 4
"""
NAMES = ("noop", "many", "slow")


@pytest.fixture
def prices(tmp_path: Path) -> Prices:
    path = tmp_path / "prices.toml"
    path.write_text(TABLE)
    return Prices.read(path, NAMES)


@pytest.mark.parametrize(
    ("name", "params", "usage", "expected"),
    [
        ("slow", {}, Usage(files=9, megapixels=99), 5),
        ("noop", {}, Usage(files=9, megapixels=99), 2),
        ("many", {}, Usage(), 1),
        ("many", {}, Usage(files=1, megapixels=2.0), 2),
        ("many", {}, Usage(files=1, megapixels=2.1), 3),
        ("many", {}, Usage(files=3, seconds=5.0), 8),
        ("many", {"number": 4, "seconds": 3}, Usage(files=3), 9),
        ("many", {"number": 4, "seconds": "x"}, Usage(), 7),
        ("many", {"number": 4, "seconds": True}, Usage(), 7),
        ("youcam/bg-replace", {}, Usage(), 4),
        ("youcam/other", {}, Usage(), 5),
    ],
)
def test_the_table_says_what_differs_and_parts_of_a_credit_are_rounded_up(
    prices, name, params, usage, expected
):
    assert prices.of(name, 5, params, usage) == expected


def test_a_sum_of_tenths_is_not_rounded_up_for_its_last_digit(tmp_path):
    (tmp_path / "p.toml").write_text("[noop]\ncredits = 0\nper_second = 0.1")
    assert Prices.read(tmp_path / "p.toml", NAMES).of("noop", 1, {}, Usage(seconds=30)) == 3


def test_without_a_table_every_effect_has_its_own_price():
    assert Prices.read(None, NAMES).of("many", 3, {}, Usage(megapixels=100)) == 3
    assert (Prices().base("many", 3), Prices().terms("many")) == (3, {})


@pytest.mark.parametrize(
    "text",
    ["[nonsense]\ncredits = 1", "[noop]\ncredits = -1", "[noop]\nprice = 1", "[noop", "noop = 3"],
)
def test_a_table_that_is_wrong_is_refused_by_name_before_anything_starts(tmp_path, text):
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(ParameterError, match="TINCT_PRICES"):
        Prices.read(tmp_path / "p.toml", NAMES)
    with pytest.raises(ParameterError, match="TINCT_PRICES"):
        Prices.read(tmp_path / "absent.toml", NAMES)


@pytest.mark.asyncio
async def test_orders_are_held_at_the_operators_price(postgres: Postgres, tmp_path):
    path = tmp_path / "prices.toml"
    path.write_text(TABLE.replace("per_megapixel = 0.5", "per_megapixel = 10000"))
    settings: Settings = postgres.create(tmp_path / "data", prices=path)
    async with open_backend(settings) as backend:
        account = (await backend.accounts.create("payer", credits=1000)).account.id
        photo = (await backend.files.put(account, picture())).id  # 8 x 8: 0.64 credits
        assert (await submitted(backend, account, "noop")).credits == 2
        assert (await submitted(backend, account, "many", inputs={"image": photo})).credits == 2
        assert (await submitted(backend, account, "many", params={"number": 4, "seconds": 3})).credits == 9
        tool = Order(account=account, effect="noop", tool="youcam/bg-replace", credits=1)
        assert (await backend.jobs.submit(tool)).job.credits == 4
        other = Order(account=account, effect="noop", tool="youcam/other", credits=1)
        assert (await backend.jobs.submit(other)).job.credits == 1
        assert (await backend.credits.balance(account)).held == 18
