"""Links in the pages lead somewhere, pages are found from the first one, and pictures are small."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
MOST_PICTURE_BYTES = 100_000


def text_of(page: Path) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of headings."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower())
        base = plain.strip().replace(" ", "-")
        anchor, number = base, 0
        while anchor in found:
            number += 1
            anchor = f"{base}-{number}"
        found.add(anchor)
    return found


def links(page: Path) -> list[str]:
    return [link for link in LINK.findall(text_of(page)) if not link.startswith(("http://", "https://"))]


def target(page: Path, link: str) -> Path:
    path = link.partition("#")[0]
    return (page.parent / unquote(path)).resolve() if path else page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in links(page):
        found, anchor = target(page, link), link.partition("#")[2]
        assert found.exists(), f"{link}: there is no such file"
        assert found == ROOT or ROOT in found.parents, link
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found), f"{link}: there is no such heading"


def test_every_page_is_found_from_the_first_one() -> None:
    seen, open_pages = set[Path](), [ROOT / "README.md"]
    while open_pages:
        page = open_pages.pop()
        seen.add(page)
        linked = (target(page, link) for link in links(page))
        open_pages += [one for one in linked if one.suffix == ".md" and one not in seen]
    assert set(PAGES) <= seen


def test_pictures_are_small_and_all_of_them_are_shown() -> None:
    shown = {target(page, link) for page in PAGES for link in links(page)}
    for picture in (ROOT / "docs" / "images").iterdir():
        assert picture.stat().st_size <= MOST_PICTURE_BYTES, picture.name
        assert picture in shown, f"{picture.name} is shown nowhere"


def test_the_first_screen_comes_before_the_first_table() -> None:
    before, table, _ = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n| ")
    assert table
    commands = re.findall(
        r"^```sh\n(.*?)^```$", before.partition("## Where next")[0], re.MULTILINE | re.DOTALL
    )
    assert [len(command.strip().splitlines()) for command in commands] == [1, 1]
    assert len(before.partition("## What it does")[0].splitlines()) <= 45


def test_commands_of_the_pages_that_make_figures_exist() -> None:
    for page in PAGES:
        for name in re.findall(r"python -m (benchmarks\.\w+)", page.read_text(encoding="utf-8")):
            assert (ROOT / f"{name.replace('.', '/')}.py").is_file(), f"{page.name}: {name}"
