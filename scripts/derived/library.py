"""docs/reference/library.md: the public names, with signatures and docstrings."""

import ast
import dataclasses
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tinct
from tinct.effects import registry

__all__ = ["write"]

_HEAD = """# The library

Written from the docstrings by `scripts/derive`; `help(tinct.migrate)` says the same. Names are imported on first use,
so `import tinct` is quick. Wherever a photo goes in, it may be a `Photo`, a path, the bytes of a file, an open file, an
image of PIL or an array (H, W, 3) of uint8, uint16 or floats from 0 to 1, red first. Anything else is refused with a
sentence that says so.

Errors are classes of `tinct.errors`, all of them `TinctError`; a refused value is a `ValueError` too, a missing file a
`FileNotFoundError`. Each has a `code` for programs, and its text is one sentence for people.

"""


def write(text: str) -> str:
    """The whole page."""
    effects = [name for name in registry.names() if name in tinct.__all__]
    rest = [
        name for name in tinct.__all__ if name not in effects and name not in ("errors", "PhotoLike", "video")
    ]
    returned = [name for name in rest if _module(name).startswith("tinct.effects.") and name[0].isupper()]
    functions = [name for name in rest if name[0].islower()]
    records = [name for name in rest if name[0].isupper() and name not in returned]
    parts = [_HEAD]
    for title, names in (
        ("Photos, colour maps, faces", records),
        ("Functions", functions),
        ("Effects", effects),
        ("What effects return", returned),
    ):
        parts.append(f"\n## {title}\n" + "".join(_described(name) for name in names))
    parts.append(
        "\n## Effects on clips: tinct.video\n" + "".join(_clip_effect(name) for name in registry.clip_names())
    )
    return re.sub(r"\n{3,}", "\n\n", "".join(parts)).rstrip() + "\n"


def _clip_effect(name: str) -> str:
    """As `_described`."""
    short = name.removeprefix("video_")
    found = getattr(tinct.video, short)
    return f"\n### video.{short}\n\n{_signature(f'tinct.video.{short}', short, found)}{_doc(found)}"


def _module(name: str) -> str:
    return str(getattr(tinct, name).__module__)


def _described(name: str) -> str:
    found = getattr(tinct, name)
    if inspect.isclass(found):
        return f"\n### {name}\n\n{''.join(_class(found))}"
    return f"\n### {name}\n\n{_signature(f'tinct.{name}', name, found)}{_doc(found)}"


def _signature(shown: str, name: str, function: Any) -> str:
    """A call as it is written, in the stub's words where the stub has it."""
    signature = inspect.signature(function)
    parts = [
        str(one.replace(annotation=one.empty))
        for one in signature.parameters.values()
        if one.name not in ("self", "cls", "progress")
    ]
    kinds = [one.kind for one in signature.parameters.values() if one.name not in ("self", "cls", "progress")]
    if inspect.Parameter.KEYWORD_ONLY in kinds:
        parts.insert(kinds.index(inspect.Parameter.KEYWORD_ONLY), "*")
    line = f"{shown}({', '.join(parts)})"
    if len(line) > 100:
        line = f"{shown}(\n    " + ",\n    ".join(parts) + ",\n)"
    return f"```text\n{line}\n```\n\n"


def _doc(found: Any) -> str:
    """A numpydoc docstring as Markdown: prose, and each section as a list or as text."""
    parts = re.split(r"\n(\w[\w ]*)\n-{3,}\n", "\n" + inspect.cleandoc(found.__doc__ or "") + "\n")
    out = [_prose(parts[0])]
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        out.append(f"**{title}**\n\n{''.join(_entries(body))}")
    return "\n\n".join(part for part in out if part.strip()).rstrip() + "\n"


def _entries(body: str) -> Iterator[str]:
    """The entries of a section, or its text."""
    head: str | None = None
    lines: list[str] = []
    for line in [*body.strip("\n").split("\n"), ""]:
        if line and not line.startswith(" "):
            if head is not None:
                yield _entry(head, lines)
            head, lines = line, []
        else:
            lines.append(line)
    if head is not None:
        yield _entry(head, lines)


def _entry(head: str, lines: list[str]) -> str:
    name, colon, kind = head.partition(" : ")
    text = _prose(textwrap.dedent("\n".join(lines)))
    shown = f"`{name}`" + (f" ({kind})" if colon else "")
    return f"- {shown}{': ' + text if text else ''}\n"


def _prose(text: str) -> str:
    """Text without the signs of Sphinx."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text.strip()).replace("``", "`")
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _class(kind: Any) -> Iterator[str]:
    """A record: what it is, its fields, properties and methods."""
    yield _doc(kind) + "\n"
    documented, names = _fields(kind), {one.name for one in dataclasses.fields(kind)}
    own = [
        f"- `{name}`: {_prose(documented[name])}\n" if name in documented else f"- `{name}`\n"
        for name in (one.name for one in dataclasses.fields(kind) if documented)
    ]
    methods = []
    for name, member in inspect.getmembers(kind):
        if name.startswith("_") or name in names:
            continue
        doc = inspect.getdoc(member)
        if isinstance(inspect.getattr_static(kind, name), property):
            own.append(f"- `{name}`: {_prose(doc or '')}\n")
        elif callable(member):
            methods.append(
                f"#### {kind.__name__}.{name}\n\n{_signature(f'.{name}', name, member)}{_doc(member)}\n"
            )
    yield "".join(own) + ("\n" if own and methods else "")
    yield "\n".join(methods)


def _fields(kind: Any) -> Mapping[str, str]:
    """The sentence below each field of a dataclass."""
    tree = ast.parse(Path(inspect.getfile(kind)).read_text(encoding="utf-8"))
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__:
            for field, text in zip(node.body, node.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    said = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
                    if said and isinstance(text.value.value, str):
                        found[field.target.id] = text.value.value
    return found
