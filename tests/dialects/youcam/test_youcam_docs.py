"""The page of the documentation and the table of tools say the same."""

import re
from pathlib import Path

from tinct.dialects.youcam.tools import TOOLS

PAGE = (Path(__file__).parents[3] / "docs" / "youcam.md").read_text(encoding="utf-8")


def rows() -> dict[str, list[str]]:
    """Cells of the table of tools, by slug."""
    found = {}
    table = PAGE.partition("### The tools")[2].partition("\n\nTools whose weights")[0]
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        for slug in re.findall(r"`([a-z/-]+)`", cells[0]):
            found[slug] = cells
    return found


def test_every_tool_stands_on_the_page_with_its_names_price_and_parameters() -> None:
    assert set(rows()) == {tool.slug for tool in TOOLS}
    for tool in TOOLS:
        _, aliases, params, _, units = rows()[tool.slug]
        assert set(re.findall(r"`([a-z0-9/-]+)`", aliases)) == set(tool.aliases), tool.slug
        assert units == (
            str(tool.price) if isinstance(tool.price, int) else "half of `dst_duration`, rounded up"
        )
        if params != "the same" and not params.startswith("the same"):
            for form in tool.forms.values():
                for param in form.params:
                    assert f"`{param.name}`" in params, (tool.slug, param.name)


def test_the_page_marks_what_is_not_there_yet() -> None:
    for tool in TOOLS:
        marked = re.search(rf"`{tool.slug}` \*", rows()[tool.slug][0]) is not None
        assert marked == all(form.to is None for form in tool.forms.values()), tool.slug
