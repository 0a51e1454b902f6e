"""What prompts may ask for: a list of words, found in their usual disguises too, and an operator's own judgement.

The list is data (``prompts.toml``). It knows words, not meanings: pictures are looked at as well, before and after.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import inspect
import json
import logging
import re
import shlex
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from tinct.errors import ParameterError, PromptHookError, UnsafePromptError
from tinct.settings import Settings, stripped_environment

__all__ = ["Match", "Prompts", "Words"]

_log = logging.getLogger(__name__)
# Categories of characters that nobody sees by themselves
_INVISIBLE: Final = frozenset({"Cf", "Mn", "Me", "Cc"})
_ALIKE: Final = str.maketrans(
    "авекмнорстухѕіјԁԝгиαβεηικνορτυχωոսօհցյզᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢŋɑɛɡıɩʋɾ×",
    "abekmhopctyxsijdwrnabenikvoptuxwnuohgjqabcdefghijklmnoprstuvwyznaegiivrx",
)
"""Cyrillic, Greek and Armenian letters, small capitals and letters of phonetics, to the Latin ones they look like."""
_FRAMED: Final = {
    first + number: 97 + number for first in (0x1F150, 0x1F170, 0x1F1E6) for number in range(26)
}
"""White letters on black circles and squares, and those of flags, to the letters in them; Unicode knows the others."""
_DIGITS: Final = tuple(str.maketrans("0134578@$!+|", f"o{one}eastbasitl") for one in "il")
"""Digits and signs, to the letters that they are written for."""
_TOKEN: Final = re.compile(r"[^\W_]+")
_MASKED: Final = re.compile(r"[^\W_]+(?:[*#•]+[^\W_]+)+")
_REPEATED: Final = re.compile(r"(.)\1{2,}")
_PARTED: Final = re.compile(r"[^\W_](?:[^\w\s]|_)+[^\W_]")  # by a sign, not by space
_FAR_EAST: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_IMPORTABLE: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", re.ASCII)
_MOST_SAID: Final = 200  # characters of a hook's reason


@dataclass(frozen=True, kw_only=True)
class Match:
    """What was found in a prompt."""

    kind: str
    """Such as ``violence``."""
    word: str
    """As the list has it."""


class _Kind(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    words: tuple[str, ...] = ()
    both: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


class _List(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    replace: bool = False
    innocent: tuple[str, ...] = ()
    kinds: dict[str, _Kind] = {}


class Words:
    """Lists of words, the package's and an operator's.

    Parameters
    ----------
    own : Path, optional
        A TOML file of the package's form.

    Raises
    ------
    ParameterError
        It cannot be read as one.
    """

    def __init__(self, own: Path | None = None) -> None:
        text = resources.files(__package__).joinpath("prompts.toml").read_text(encoding="utf-8")
        lists = [_List.model_validate(tomllib.loads(text))]
        if own is not None:
            more = _read(own)
            lists = [more] if more.replace else [*lists, more]
        self._innocent = [_plain_tokens(phrase) for each in lists for phrase in each.innocent]
        self._kinds = [(name, kind) for each in lists for name, kind in each.kinds.items()]

    def find(self, prompt: str) -> Match | None:
        """The first word of a list that a prompt has, in whatever disguise; None where there is none."""
        plain = _plain(prompt)
        texts = dict.fromkeys((plain, plain.translate(_ALIKE), *(plain.translate(one) for one in _DIGITS)))
        forms = (form for text in texts for form in _forms(text, self._innocent))
        read = list(dict.fromkeys(f" {' '.join(form)} " for form in forms))
        masked = [re.compile(re.sub(r"[*#•]", ".", chunk)) for chunk in _MASKED.findall(plain)]

        def has(words: Sequence[str]) -> str | None:
            return next((word for word in words if _has(word, plain, read, masked)), None)

        for name, kind in self._kinds:
            word = has(kind.words)
            if word is None and has(kind.both[0]):
                word = has(kind.both[1])
            if word is not None:
                return Match(kind=name, word=word)
        return None


class Prompts:
    """The check of prompts, as an operator wants it.

    Raises
    ------
    ParameterError
        The operator's list or hook cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._words = Words(settings.prompt_words) if settings.generation_check else None
        self._hook = settings.prompt_hook
        if self._hook and _IMPORTABLE.fullmatch(self._hook):
            _imported(self._hook)

    async def check(self, prompt: str, account: str, effect: str) -> None:
        """Let a prompt pass, or not.

        Raises
        ------
        UnsafePromptError
            The list or the operator's hook refuses it.
        PromptHookError
            The hook broke, or took too long: nothing passes then.
        """
        found = self._words.find(prompt) if self._words is not None else None
        if found is not None:
            raise UnsafePromptError(f"it has {found.word.rstrip('*')!r} ({found.kind.replace('_', ' ')})")
        if not self._hook:
            return
        try:
            async with asyncio.timeout(self._settings.prompt_hook_s):
                reason = await self._asked(self._hook, prompt, account, effect)
        except Exception as error:
            _log.error("the prompt hook failed: %s", type(error).__name__)
            raise PromptHookError from None
        if reason:
            raise UnsafePromptError(reason[:_MOST_SAID])

    async def _asked(self, hook: str, prompt: str, account: str, effect: str) -> str | None:
        """Why a hook refuses a prompt; None where it does not."""
        asked = {"prompt": prompt, "account": account, "effect": effect}
        if not _IMPORTABLE.fullmatch(hook):
            return await _run(shlex.split(hook), json.dumps(asked).encode())
        function = _imported(hook)
        if inspect.iscoroutinefunction(function):
            answer = await function(**asked)
        else:
            answer = await asyncio.to_thread(function, **asked)  # type: ignore[arg-type]
        return str(answer) if answer else None


async def _run(command: list[str], told: bytes) -> str | None:
    """Why a command refuses what it reads: with status 1 and its first line; None with status 0."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=stripped_environment(),
    )
    try:
        said, _ = await process.communicate(told)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode not in (0, 1):
        raise OSError(f"exit status {process.returncode}")
    first = said.decode("utf-8", "replace").strip().partition("\n")[0]
    return (first or "it is not allowed here") if process.returncode else None


def _imported(hook: str) -> object:
    module, _, name = hook.partition(":")
    try:
        function: object = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        function = None
    if not callable(function):
        raise ParameterError("TINCT_PROMPT_HOOK", hook, "module:function that Python finds, or a command")
    return function


def _read(path: Path) -> _List:
    try:
        return _List.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError):
        form = "a TOML file with innocent = [...] and [kinds.NAME] words = [...], as docs/generate.md shows"
        raise ParameterError("TINCT_PROMPT_WORDS", str(path), form) from None


# -- forms of a text -------------------------------------------------------------------------------


def _plain(text: str) -> str:
    """Small letters without accents, in their ordinary shapes, and nothing invisible among them."""
    letters = unicodedata.normalize("NFKD", text.translate(_FRAMED).casefold())
    seen = "".join(
        " " if letter.isspace() else letter
        for letter in letters
        if letter.isspace() or unicodedata.category(letter) not in _INVISIBLE
    )
    return unicodedata.normalize("NFKC", seen).casefold()


def _plain_tokens(text: str) -> list[str]:
    return _TOKEN.findall(_plain(text))


def _forms(text: str, innocent: Sequence[list[str]]) -> Iterator[list[str]]:
    """The tokens of a text: as they stand, and with stretched and spaced-out words drawn together."""
    tokens = _without(_TOKEN.findall(text), innocent)
    yield tokens
    if _PARTED.search(text):
        yield _without(["".join(_TOKEN.findall(chunk)) for chunk in text.split()], innocent)
    for times in (r"\1", r"\1\1"):
        if _REPEATED.search(text):
            yield [_REPEATED.sub(times, token) for token in tokens]
    for rest in (0, 1):  # the first of some letters may be a word of its own: a n u d e
        joined: list[str] = []
        letters = 0  # that stand alone, one after the other
        for token in tokens:
            letters = letters + 1 if len(token) == 1 else 0
            if letters > 1 + rest:
                joined[-1] += token
            else:
                joined.append(token)
        if len(joined) < len(tokens):
            yield joined
    if any(len(token) == 1 for token in tokens):  # a letter that was torn off a word: n ude, nud e
        pairs = list(pairwise(tokens))
        yield [one + other if len(one) == 1 else "" for one, other in pairs]
        yield [one + other if len(other) == 1 else "" for one, other in pairs]


def _without(tokens: list[str], phrases: Sequence[list[str]]) -> list[str]:
    """The tokens, with a gap in place of each of some phrases."""
    for phrase in phrases:
        for at in range(len(tokens) - len(phrase), -1, -1):
            if tokens[at : at + len(phrase)] == phrase:
                tokens = [*tokens[:at], "", *tokens[at + len(phrase) :]]
    return tokens


def _has(word: str, plain: str, read: Sequence[str], masked: Sequence[re.Pattern[str]]) -> bool:
    """Whether a text has a word, or a phrase, of a list; `read` are its forms, a space around each token."""
    if _FAR_EAST.search(word):
        return _plain(word) in plain
    stem = _stem(word)
    sought = f" {stem}" if word.endswith("*") else f" {stem} "
    return any(sought in form for form in read) or any(mask.fullmatch(stem) for mask in masked)


@functools.cache
def _stem(word: str) -> str:
    return _plain(word.removesuffix("*"))
