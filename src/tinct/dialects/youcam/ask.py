"""What a run call asks for, from either of the two bodies: v1's ``payload`` and v2's flat one."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from tinct.dialects.youcam import params
from tinct.dialects.youcam.errors import invalid
from tinct.dialects.youcam.tool import Form, Tool
from tinct.dialects.youcam.tools import find

__all__ = ["Ask", "Chosen", "read"]

_LONGEST_URL: Final = 8192  # characters
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_KEYS: Final = {
    "src": ("src_ids",),
    "msk": ("mask_ids", "msk_ids"),
    "ref": ("ref_ids",),
}
"""Names in v1's ``file_sets``."""
_STYLE: Final = (params.whole("style_group_id"), params.listed("style_ids"))


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A style as a call names it: a template, or a group and a style in it."""

    template: str | None = None
    group: int | None = None
    style: int | None = None


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A run call."""

    tool: Tool
    form: Form
    files: Mapping[str, tuple[str, ...]]
    """Role -> ids of files, or URLs where `by_url` has the role."""
    by_url: frozenset[str]
    values: dict[str, Any]
    """Parameters."""
    chosen: Chosen | None
    action: int = 0
    """Id of the action, which v1's reply repeats."""
    ending: str | None = None
    """Format that is asked for: ``jpeg`` or ``png``."""
    repeat: str | None = None
    """The same for a call that is a repeat of another."""


def read(tool: Tool, version: str, body: Mapping[str, Any]) -> Ask:
    """A run call.

    Parameters
    ----------
    version : str
        ``v1``, ``v2.0`` or ``v2.1``, by the path.

    Raises
    ------
    RefusalError
        A field is missing or not allowed.
    """
    older = version == "v1"
    if not older and tool.slug == "text-to-image/youcam" and any(body.get(key) for key in _flat_keys("src")):
        tool = find("image-to-image/youcam") or tool
    form = tool.form(version)
    assert form is not None
    ask = _payload(tool, form, body, older) if older or "payload" in body else _flat(tool, form, body)
    form.check({**ask.values, "style": ask.chosen}, {role: len(found) for role, found in ask.files.items()})
    return ask


# -- v1 --------------------------------------------------------------------------------------------


def _payload(tool: Tool, form: Form, body: Mapping[str, Any], older: bool) -> Ask:
    number = body.get("request_id")
    if older and (tool.repeats or number is not None):
        number = _whole("request_id", number)
    payload = _object("payload", body.get("payload"))
    sets = _object("payload.file_sets", payload.get("file_sets")) if form.inputs else {}
    actions = payload.get("actions")
    if not isinstance(actions, list) or len(actions) != 1:
        raise invalid("payload.actions", actions, "an array of exactly one action")
    action = _object("payload.actions[0]", actions[0])
    asked = action.get("params") if form.params or form.styled != "no" else None  # others have none
    given = {} if asked is None else _object("payload.actions[0].params", asked)
    values = params.read(form.params, given)
    repeat = None
    if older and number is not None:
        digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        repeat = f"youcam:{tool.slug}:{number}:{digest}"
    return Ask(
        tool=tool,
        form=form,
        files={role: _listed(sets, role, least, most) for role, (least, most) in form.inputs.items()},
        by_url=frozenset(),
        values=values,
        chosen=_chosen(form, given, values, templates=not older),
        action=_whole("payload.actions[0].id", action.get("id")),
        ending={"jpg": "jpeg", "png": "png"}.get(str(payload.get("output_ext"))),
        repeat=repeat,
    )


def _listed(sets: Mapping[str, Any], role: str, least: int, most: int) -> tuple[str, ...]:
    name = next((key for key in _KEYS[role] if sets.get(key) is not None), _KEYS[role][0])
    return _texts(f"payload.file_sets.{name}", sets.get(name) or ([] if not least else None), least, most)


# -- v2 --------------------------------------------------------------------------------------------


def _flat(tool: Tool, form: Form, body: Mapping[str, Any]) -> Ask:
    files: dict[str, tuple[str, ...]] = {}
    by_url: set[str] = set()
    for role, (least, most) in form.inputs.items():
        keys = _flat_keys(role)
        said = [key for key in keys if body.get(key) not in (None, "")]
        if len(said) > 1 or (least and not said):
            raise invalid(
                f"{role}_file_id, {role}_file_url", " and ".join(said) or None, "exactly one of them"
            )
        if not said:
            files[role] = ()
            continue
        value = body[said[0]]
        files[role] = _texts(said[0], value if isinstance(value, list) else [value], least, most)
        if "url" in said[0]:
            by_url.add(role)
            for url in files[role]:
                _check_url(said[0], url)
    values = params.read(form.params, body)
    return Ask(
        tool=tool,
        form=form,
        files=files,
        by_url=frozenset(by_url),
        values=values,
        chosen=_chosen(form, body, values, templates=True),
    )


def _flat_keys(role: str) -> tuple[str, ...]:
    names = (role, "mask") if role == "msk" else (role,)
    return tuple(f"{name}_file_{kind}" for name in names for kind in ("id", "ids", "url", "urls"))


def _check_url(field: str, url: str) -> None:
    try:
        parts = urlsplit(url)  # which itself overlooks spaces before a URL, and ends of lines in it
        good = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
        good = good and url == url.strip() and not _CONTROL.search(url)
    except ValueError:
        good = False
    if not good or len(url) > _LONGEST_URL:
        raise invalid(field, url, "an http or https URL")


# -- both ------------------------------------------------------------------------------------------


def _chosen(
    form: Form, given: Mapping[str, Any], values: Mapping[str, Any], *, templates: bool
) -> Chosen | None:
    """The style that a call names; a template only where there are such."""
    if form.styled == "no" or (form.styled_if and values.get(form.styled_if[0]) != form.styled_if[1]):
        return None
    template = given.get("template_id") if templates else None
    if template not in (None, ""):
        if not isinstance(template, str):
            raise invalid("template_id", template, "a text")
        return Chosen(template=template)
    if templates and given.get("style_group_id") is None and given.get("style_ids") is None:
        if form.styled == "required":
            raise invalid("template_id", None, "the id of a template")
        return None
    group, style = params.read(_STYLE, given).values()
    return Chosen(group=group, style=style)


def _texts(field: str, value: Any, least: int, most: int) -> tuple[str, ...]:
    if (
        not isinstance(value, list)
        or not least <= len(value) <= most
        or not all(params.is_text(each) and each for each in value)
    ):
        count = f"{least}" if least == most else f"{least} to {most}"
        raise invalid(field, value, f"an array of {count} texts")
    return tuple(value)


def _object(field: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise invalid(field, value, "an object")
    return value


def _whole(field: str, value: Any) -> int:
    try:
        return params.whole_number(value)
    except ValueError:
        raise invalid(field, value, "a whole number, 0 or more") from None
