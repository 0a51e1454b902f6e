"""Where all errors begin, and those that are alone of their kind."""

from __future__ import annotations

from typing import Self

__all__ = [
    "ColorMapError",
    "ColorMapMissingError",
    "DamagedModelError",
    "DatabaseError",
    "MissingModelError",
    "ModelError",
    "ModelLicenceError",
    "ModelMemoryError",
    "OutputError",
    "ParameterError",
    "TinctError",
]


class TinctError(Exception):
    """Something Tinct could not do, said in a sentence."""

    code: str = "error"
    """Stable, for programs."""
    retry_after_s: float | None = None
    """Seconds after which trying again makes sense, where that is known."""

    @property
    def message(self) -> str:
        """The sentence a caller may see."""
        return str(self)

    @classmethod
    def restored(cls, message: str) -> Self:
        """An error of this class of which only the sentence was kept."""
        error = cls.__new__(cls)
        error.args = (message,)
        return error


class ParameterError(TinctError, ValueError):
    """A value the caller chose is not allowed.

    Parameters
    ----------
    field : str
        Name of the parameter as the caller wrote it.
    value : object
        What was found.
    allowed : str
        What would have been accepted, as a phrase.
    """

    code = "invalid_parameter"
    field = ""

    def __init__(self, field: str, value: object, allowed: str) -> None:
        self.field, self.value, self.allowed = field, value, allowed
        super().__init__(field, value, allowed)

    def __str__(self) -> str:
        if len(self.args) == 1:  # restored
            return str(self.args[0])
        shown = repr(self.value)
        if len(shown) > 80:
            shown = shown[:77] + "..."
        return f"{self.field}: got {shown}; allowed: {self.allowed}"


class ColorMapError(TinctError):
    """A colour map (.cube) cannot be read."""

    code = "color_map_unusable"


class ColorMapMissingError(ColorMapError, FileNotFoundError):
    """There is no file where a colour map was said to be."""

    code = "color_map_missing"


class ModelError(TinctError):
    """Model weights cannot be used."""

    code = "model_unusable"


class MissingModelError(ModelError):
    """Model weights are not installed."""

    code = "model_missing"


class DamagedModelError(ModelError):
    """Model weights do not have the digest the manifest names."""

    code = "model_damaged"


class ModelLicenceError(ModelError):
    """The licence of model weights was not accepted."""

    code = "model_licence"


class ModelMemoryError(ModelError):
    """A network needs more memory for its input than there is."""

    code = "model_memory"


class OutputError(TinctError):
    """A result cannot be written where it was asked to go."""

    code = "output_unusable"


class DatabaseError(TinctError):
    """The database cannot be reached or started."""

    code = "database_unavailable"
