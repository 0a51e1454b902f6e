"""What an order costs: the effect's own price, unless the operator's table says otherwise.

The table is a TOML file, ``TINCT_PRICES``. Each of its tables is called as an effect, or as a tool of a wire format
(``"youcam/bg-replace"``), and says only what differs::

    [colorize]
    credits = 2

    [enhance]
    credits = 1
    per_megapixel = 0.05          # of all photos together

    [[enhance.when]]              # the first whose parameters are those of the order, in place of the above
    params = { scale = 4 }
    credits = 4

    [video]
    credits = 0
    per_second = 0.5              # of all clips together
    per_parameter = { seconds = 1 }   # times a number among the parameters

A sum that is not whole is rounded up.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tinct.errors import ParameterError

__all__ = ["Price", "Prices", "Usage"]

_MOST: Final = 10**9  # credits of one order
_ROUNDING: Final = 1e-9  # a sum this little above a whole number is that number
_Rate = Annotated[float, Field(ge=0, le=_MOST)]


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What an order's files amount to."""

    files: int = 0
    megapixels: float = 0.0
    """Of all photos together, as stored."""
    seconds: float = 0.0
    """Of all clips together."""


class Terms(BaseModel):
    """Credits by what an order asks for; nothing for what is not said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    credits: Annotated[int, Field(ge=0, le=_MOST)] | None = None
    """Of any order; the effect's own where nothing is said."""
    per_file: _Rate = 0.0
    """For each file beyond the first."""
    per_megapixel: _Rate = 0.0
    per_second: _Rate = 0.0
    per_parameter: Mapping[str, _Rate] = Field(default_factory=dict)
    """Times the number that the parameter has; nothing where it is no number."""

    def of(self, default: int, params: Mapping[str, Any], usage: Usage) -> int:
        """The price of one order."""
        total = float(default if self.credits is None else self.credits)
        total += self.per_file * max(usage.files - 1, 0)
        total += self.per_megapixel * usage.megapixels + self.per_second * usage.seconds
        total += sum(rate * _number(params.get(name)) for name, rate in self.per_parameter.items())
        return min(math.ceil(total - _ROUNDING), _MOST)


class Case(Terms):
    """Terms for orders with certain parameters."""

    params: Mapping[str, Any] = Field(min_length=1)


class Price(Terms):
    """Terms of an effect or a tool."""

    when: tuple[Case, ...] = ()

    def terms(self, params: Mapping[str, Any]) -> Terms:
        """Those that fit an order's parameters."""
        for case in self.when:
            if all(name in params and params[name] == value for name, value in case.params.items()):
                return case
        return self


class Prices:
    """The operator's table over the effects' own prices.

    Parameters
    ----------
    table : mapping of str to Price
        By effect, or ``dialect/tool``.
    """

    def __init__(self, table: Mapping[str, Price] | None = None) -> None:
        self._table = dict(table or {})

    @classmethod
    def read(cls, path: Path | None, effects: Collection[str]) -> Self:
        """The table in a TOML file; an empty one without.

        Parameters
        ----------
        effects : collection of str
            Names that a table may have; tools of wire formats, with a slash, are not looked up.

        Raises
        ------
        ParameterError
            The file cannot be read, or says something that is not understood.
        """
        if path is None:
            return cls()
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
            table = TypeAdapter(dict[str, Price]).validate_python(found)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ParameterError(
                "TINCT_PRICES", str(path), f"a TOML file that can be read; {error}"
            ) from None
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ParameterError(f"TINCT_PRICES {place}", first["input"], first["msg"].lower()) from None
        for name in table:
            if "/" not in name and name not in effects:
                raise ParameterError("TINCT_PRICES", name, "one of " + ", ".join(sorted(effects)))
        return cls(table)

    def base(self, name: str, default: int) -> int:
        """What an order costs before parameters and files are looked at."""
        price = self._table.get(name)
        return default if price is None or price.credits is None else price.credits

    def terms(self, name: str) -> dict[str, Any]:
        """What the table says of an effect or a tool, as data; empty where it says nothing."""
        price = self._table.get(name)
        return price.model_dump(mode="json", exclude_unset=True) if price else {}

    def of(self, name: str, default: int, params: Mapping[str, Any], usage: Usage) -> int:
        """The price of one order, in credits.

        Parameters
        ----------
        name : str
            An effect, or ``dialect/tool``.
        default : int
            Its own price, which holds where the table says nothing.
        params : mapping
            The order's parameters, defaults included.
        usage : Usage
            What its files amount to.
        """
        price = self._table.get(name)
        return default if price is None else price.terms(params).of(default, params, usage)


def _number(value: object) -> float:
    return (
        float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else 0.0
    )
