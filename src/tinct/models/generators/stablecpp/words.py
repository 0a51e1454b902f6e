"""Prompts as this library is to take them: words alone.

It reads brackets as weights, ``BREAK`` as a command and ``<lora:FILE:1>`` as a file to open, and some of what looks so
ends its process. Here a prompt means the same to every engine, and says nothing of files; so those signs lose their
meaning, and all words stay.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["plain"]

_SIGNS: Final = str.maketrans({"[": "(", "]": ")", "{": "(", "}": ")", "\\": "/"})
_APART: Final = re.compile(r"[<:](?=\S)")
_NOT_SHOWN: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def plain(prompt: str) -> str:
    """A prompt whose signs mean nothing; the tokenizer makes all letters small anyway.

    Brackets become round ones that are marked as literal, and ``<`` and ``:`` stand alone.
    """
    text = _NOT_SHOWN.sub(" ", prompt).lower().translate(_SIGNS)
    return _APART.sub(lambda sign: f"{sign[0]} ", text).replace("(", "\\(")
