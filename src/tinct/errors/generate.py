"""What can go wrong with pictures from prompts."""

from __future__ import annotations

from tinct.errors.base import MissingModelError, ModelError, TinctError

__all__ = [
    "ForeignModelError",
    "GenerationRefusedError",
    "GeneratorAnswerError",
    "GeneratorAwayError",
    "GeneratorError",
    "NoGeneratorError",
    "PickledModelError",
    "PromptTooLongError",
    "TruncatedModelError",
]


class GeneratorError(TinctError):
    """A picture cannot be generated."""

    code = "generator_unusable"


class NoGeneratorError(GeneratorError, MissingModelError):
    """No generator is installed that serves what is asked for.

    Parameters
    ----------
    task : str
        ``text-to-image``, ``image-to-image`` or ``inpaint``.
    """

    code = "generator_missing"
    task = ""

    def __init__(self, task: str) -> None:
        self.task = task
        super().__init__(
            f"no generator is installed here that serves {task}, and nothing else takes its place; whoever runs this "
            f"server can bring one: tinct models use {task} FOLDER_OR_FILE"
        )


class PromptTooLongError(GeneratorError, ValueError):
    """A prompt has more tokens than the model takes.

    Parameters
    ----------
    field : str
        ``prompt`` or ``negative``.
    found, most : int
        Tokens.
    """

    code = "prompt_too_long"
    field = "prompt"

    def __init__(self, field: str, found: int, most: int) -> None:
        self.field, self.found, self.most = field, found, most
        super().__init__(
            f"{field}: {found} tokens (a word has one or two); allowed: up to {most}, the most that the installed "
            "model takes; shorten it, for nothing is cut off quietly"
        )


class GenerationRefusedError(GeneratorError):
    """Whoever runs the model refuses to make this picture."""

    code = "generation_refused"


class GeneratorAwayError(GeneratorError):
    """The generator runs elsewhere and does not answer; knows when to come back, where it was told."""

    code = "generator_away"

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


class GeneratorAnswerError(GeneratorError):
    """The generator runs elsewhere, and its answer is no picture that could be used."""

    code = "generator_answer"


class ForeignModelError(ModelError):
    """Files of a model that no engine here knows."""

    code = "model_foreign"


class PickledModelError(ModelError):
    """Weights as a pickle, which can run any program when it is opened."""

    code = "model_pickled"


class TruncatedModelError(ModelError):
    """A file of weights is shorter than it says itself."""

    code = "model_truncated"
