"""Styles (v1) and templates (v2): the lists of what a call may choose from, and what each choice asks of the effect."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from tinct.dialects.content import base_of
from tinct.dialects.refusals import RefusalError
from tinct.dialects.youcam.ask import Chosen
from tinct.dialects.youcam.errors import invalid, unsupported
from tinct.dialects.youcam.pages import asked
from tinct.dialects.youcam.tool import Tool
from tinct.errors import ParameterError
from tinct.jobs import catalogue

__all__ = ["THUMBS", "groups", "resolve", "styles", "templates", "thumb"]

THUMBS: Final = "/s2s/thumb/"
_KEPT_S: Final = 86_400  # seconds that a browser may keep a thumb


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Group(_Row):
    """Some styles of a catalogue."""

    id: int = Field(lt=2**53)
    title: str
    aliases: tuple[int, ...] = ()
    """Ids that clients hold for it."""


class Style(_Row):
    """Something to choose."""

    id: int = Field(lt=2**53)
    group: int
    name: str
    title: str
    params: Mapping[str, Any] = Field(default_factory=dict)
    """Of the effect."""


class Catalogue(_Row):
    """What one tool, or several, offer."""

    effect: str
    sample: Mapping[str, Any] = Field(default_factory=dict)
    """What the effect needs besides for a picture of a style."""
    keeps_color: bool = False
    """Whether templates say that the colour of the hair may be kept."""
    library: bool = False
    """Whether the operator's own library is what is offered; styles without parameters then stand for their nearest."""
    groups: tuple[Group, ...]
    styles: tuple[Style, ...]

    def every(self) -> tuple[Style, ...]:
        """All styles, those of the operator's library included."""
        return (*self.styles, *self._own()) if self.library else self.styles

    def _own(self) -> tuple[Style, ...]:
        numbers = {group.title.lower(): group.id for group in self.groups}
        return tuple(
            Style(id=_number(name), group=numbers[group], name=name, title=title, params={"style": name})
            for name, title, group in catalogue.hair_styles()
        )

    def asked(self, style: Style) -> Mapping[str, Any]:
        """Parameters of the effect for a style.

        Raises
        ------
        RefusalError
            It stands for the nearest of the operator's library, which has none that is near.
        """
        if style.params or not self.library:
            return style.params
        near = catalogue.nearest_hair_style(style.name)
        if near is None:
            raise unsupported(
                f"{style.name} is not available on this server: its library has no hairstyle like it. Its operator "
                "can: tinct hair styles add FOLDER"
            )
        return {"style": near}

    def group(self, number: int) -> Group:
        """One group, by an id that it has or had.

        Raises
        ------
        RefusalError
            There is none.
        """
        for group in self.groups:
            if number == group.id or number in group.aliases:
                return group
        raise RefusalError(400, "InvalidStyleGroup", f"There is no style group {number}; list them first.")

    def picture(self, style: Style) -> bytes | None:
        """A small JPEG of a style, if there is one."""
        try:
            shown = tuple({**self.sample, **style.params}.items())
            return catalogue.preview(self.effect, shown) if style.params else None
        except ParameterError:
            return None

    async def listed(self) -> list[Style]:
        """What can be shown."""
        return [style for style in self.every() if await asyncio.to_thread(self.picture, style) is not None]


@functools.cache
def _catalogues() -> Mapping[str, Catalogue]:
    text = resources.files(__package__).joinpath("styles.toml").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, Catalogue]).validate_python(tomllib.loads(text))


def resolve(tool: Tool, chosen: Chosen | None) -> Mapping[str, Any]:
    """Parameters of the effect for what was chosen; of the first style where nothing was.

    Raises
    ------
    RefusalError
        There is no such group, style or template.
    """
    if not tool.catalogue:
        return {}
    found = _catalogues()[tool.catalogue]
    if chosen is None:
        return {} if found.library else found.styles[0].params
    group = found.group(chosen.group).id if chosen.group is not None else None
    for style in found.every():
        if chosen.template in (style.name, str(style.id)) or (group, chosen.style) == (style.group, style.id):
            return found.asked(style)
    where = f"template {chosen.template!r}" if group is None else f"style {chosen.style} in that group"
    raise RefusalError(400, "InvalidStyle", f"There is no {where[:80]}; list them first.")


async def groups(request: Request, tool: Tool) -> dict[str, Any]:
    """``style-group``."""
    page, found = asked(request, most=20), _catalogues()[tool.catalogue]
    shown = {style.group for style in await found.listed()}
    rows, token = page.cut([group for group in found.groups if group.id in shown])
    return {"next_token": token, "groups": [{"id": row.id, "info": {"title": row.title}} for row in rows]}


async def styles(request: Request, tool: Tool) -> dict[str, Any]:
    """``style``, of one group or of all."""
    page, found = asked(request, most=20), _catalogues()[tool.catalogue]
    rows, number = await found.listed(), request.query_params.get("style_group_id")
    if number is not None:
        if not (number.isascii() and number.isdigit() and len(number) < 20):
            raise invalid("style_group_id", number, "a whole number")
        group = found.group(int(number)).id
        rows = [style for style in rows if style.group == group]
    shown, token = page.cut(rows)
    return {
        "next_token": token,
        "styles": [
            {"id": style.id, "info": {"title": style.title, "thumb": _thumb_url(request, tool, style)}}
            for style in shown
        ],
    }


async def templates(request: Request, tool: Tool) -> dict[str, Any]:
    """``template``."""
    page, found = asked(request, most=20), _catalogues()[tool.catalogue]
    titles = {group.id: group.title for group in found.groups}
    shown, token = page.cut(await found.listed())
    kept = {"keep_users_color": True} if found.keeps_color else {}
    return {
        "templates": [
            {
                "id": style.name,
                "thumb": _thumb_url(request, tool, style),
                "title": style.title,
                "category_name": titles[style.group],
            }
            | kept
            for style in shown
        ],
        "next_token": token,
    }


async def thumb(request: Request, name: str) -> Response:
    """The picture of a style; it needs no key."""
    where, _, style_name = name.removesuffix(".jpg").partition("/")
    found = _catalogues().get(where)
    style = next((style for style in found.every() if style.name == style_name), None) if found else None
    picture = await asyncio.to_thread(found.picture, style) if found and style else None
    if picture is None:
        raise RefusalError(404, "NotFound", "There is no such picture.")
    headers = {"Cache-Control": f"public, max-age={_KEPT_S}"}
    return Response(picture, media_type="image/jpeg", headers=headers)


def _number(name: str) -> int:
    """Id in v1 of a style of the library: the same for ever, and beyond those of the table."""
    return 1000 + int.from_bytes(hashlib.sha256(name.encode()).digest()[:5])


def _thumb_url(request: Request, tool: Tool, style: Style) -> str:
    return f"{base_of(request)}{THUMBS}{tool.catalogue}/{style.name}.jpg"
