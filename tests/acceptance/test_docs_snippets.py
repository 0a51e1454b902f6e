"""What the documentation shows is run as it stands there, against a real server, with small photos.

A block that is not run says why, in a comment above it. The blocks of one page run in their order in one shell; a block
of Python is a program of its own, and one with ``file=NAME`` behind its language is written to that file.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinct
from picture_host import hosted
from running import Server, photo
from unit.photo_files import scene
from warm import Warm

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "docs/quickstart.md",
    "docs/recipes.md",
    "docs/api.md",
    "docs/ailab.md",
    "docs/cos.md",
    "docs/picma.md",
    "docs/youcam.md",
)
PATIENCE_S = 900  # of a whole page, on a busy machine
BUCKET = "snippets-1250000000"  # names of buckets are one account's, and other tests have taken the page's
BLOCK = re.compile(
    r"(?:<!-- (?P<said>[^>]*) -->\n)?^```(?P<kind>sh|python)(?: file=(?P<file>[\w.]+))?\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def blocks(page: str) -> Iterator[re.Match[str]]:
    return BLOCK.finditer((ROOT / page).read_text(encoding="utf-8"))


def script(page: str) -> str:
    """One shell script of all blocks that are to be run."""
    parts = ["set -euo pipefail"]
    for number, block in enumerate(blocks(page), 1):
        said, kind, file, text = (block[name] for name in ("said", "kind", "file", "text"))
        text = text.replace("photos-1250000000", BUCKET)
        if said and (said.startswith("not run: ") or said == "test command"):
            continue
        if kind == "sh":
            parts.append(f"echo '== block {number}' >&2\n{text}")
            continue
        name = file or f"block-{number}.py"
        parts.append(f"cat > {name} <<'END OF BLOCK'\n{text}END OF BLOCK")
        if not file:
            parts.append(f"echo '== block {number}' >&2\npython3 {name}")
    return "\n".join(parts) + "\n"


def small(name: str, seed: int, folder: Path) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    tinct.open(photo(96, 72, seed)).save(folder / name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The photos that the pages speak of."""
    names = (
        "photo.jpg",
        "look.jpg",
        "first.jpg",
        "dark.jpg",
        "small.jpg",
        "holiday/one.jpg",
        "holiday/two.jpg",
    )
    for seed, name in enumerate(names):
        small(name, seed, tmp_path)
    grey = np.repeat(scene(72, 96)[..., 1:2], 3, axis=2)
    for name in ("grey.jpg", "old.jpg", "album/1931.jpg", "album/1932.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        tinct.Photo(grey, gray=True).save(tmp_path / name)
    (tmp_path / "frames").mkdir()
    for number in (6, 7):
        tinct.Photo(grey.repeat(2, axis=0).repeat(2, axis=1), gray=True).save(
            tmp_path / "frames" / f"frame-{number:02}.png"
        )
    for name in ("shop/red.jpg", "shop/blue.jpg"):
        small(name, len(name), tmp_path)
    mask = np.zeros((72, 96), np.uint8)
    mask[20:40, 30:60] = 255
    tinct.Photo.from_array(mask).save(tmp_path / "mask.png")
    return tmp_path


@pytest.fixture(scope="module")
def keys(server: Server) -> dict[str, Any]:
    return server.key("reader of the documentation")


@pytest.fixture
def pictures(folder: Path) -> Iterator[str]:
    """Address from which the server fetches the photos of the folder."""
    with hosted(folder) as address:
        yield address


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the commands that the pages use; some forty times, so that they need not be loaded each time."""
    folder = tmp_path_factory.mktemp("programs")
    warm = Warm(folder, os.environ | {"PYTHONPATH": str(Path(tinct.__file__).parents[1])})
    yield folder
    warm.stop()


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_runs(
    page: str, folder: Path, programs: Path, server: Server, keys: dict[str, Any], pictures: str
) -> None:
    environment = os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "URL": server.url,
        "KEY": keys["api_key"],
        "TOKEN": keys["picma"]["token"],
        "PICTURE": f"{pictures}/photo.jpg",
        "SECRET_ID": keys["cos"]["secret_id"],
        "CLIENT_ID": keys["youcam"]["client_id"],
        "CLIENT_SECRET": keys["youcam"]["client_secret"],
        "SECRET_KEY": keys["cos"]["secret_key"],
        "no_proxy": "*",
    }
    done = subprocess.run(
        ["bash", "-c", script(page)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def test_every_block_of_every_page_is_run_or_says_why_not() -> None:
    for page in PAGES:
        found = list(blocks(page))
        assert found, page
        for block in found:
            said = block["said"]
            assert not said or re.match(r"not run: \w|test command$|\w+ of ", said), f"{page}: {said}"
    with_blocks = {
        path.relative_to(ROOT).as_posix()
        for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
        if any(
            not (block["said"] or "").startswith("not run: ")
            for block in BLOCK.finditer(path.read_text("utf-8"))
        )
    }
    assert {"docs/quickstart.md", "README.md"} <= with_blocks
