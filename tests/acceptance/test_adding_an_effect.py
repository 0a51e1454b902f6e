"""One file and one registration: the effect of docs/adding-an-effect.md appears everywhere."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

import tinct
from running import Server, finished, photo, submitted, uploaded
from tinct.cli import app
from tinct.effects import registry
from tinct.effects.tables import table
from tinct.errors import ParameterError

DOCS = Path(__file__).parents[2] / "docs" / "adding-an-effect.md"
WHERE = "duotone:duotone"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the one file, as the page shows it."""
    folder = tmp_path_factory.mktemp("package")
    found = re.search(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    (folder / "duotone.py").write_text(found[1], encoding="utf-8")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    sys.modules.pop("duotone", None)


@pytest.fixture
def registered(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_WHERE", dict(registry._WHERE))
    registry.register("duotone", WHERE)


@pytest.fixture
def source() -> "tinct.Photo":
    return tinct.Photo(np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8))


@pytest.mark.usefixtures("registered")
def test_the_library_has_it_with_checks_and_a_docstring(source: "tinct.Photo") -> None:
    made = tinct.duotone(source, dark="#000000", light="#FFFFFF")  # type: ignore[attr-defined]
    assert np.ptp(made.photo.pixels.astype(int), axis=2).max() == 0
    assert np.array_equal(tinct.duotone(source, strength=0).photo.pixels, source.pixels)  # type: ignore[attr-defined]
    with pytest.raises(ParameterError, match=r"strength: got 2"):
        tinct.duotone(source, strength=2)  # type: ignore[attr-defined]
    with pytest.raises(ParameterError, match=r"photo: got .*; allowed: a Photo"):
        tinct.duotone(7)  # type: ignore[attr-defined]
    assert "strength : 0 to 1\n    0 returns the photo's own pixels." in tinct.duotone.__doc__  # type: ignore[attr-defined]
    assert "Print a photo's lightness in two inks." in tinct.duotone.__doc__  # type: ignore[attr-defined]


@pytest.mark.usefixtures("registered")
def test_the_command_line_has_it_with_options_help_and_output(source: "tinct.Photo", tmp_path: Path) -> None:
    path = source.save(tmp_path / "house.png")
    run = CliRunner().invoke
    assert "duotone" in run(app, ["--help"]).output
    helped = run(app, ["duotone", "--help"], env={"COLUMNS": "200"}).output
    assert "Ink of dark places, #RRGGBB." in helped
    assert "[0 to 1]" in helped
    assert "--quality" in helped
    done = run(
        app, ["duotone", str(path), "--dark", "#102030", "--plate", "-o", str(tmp_path / "out"), "--json"]
    )
    assert done.exit_code == 0, done.output
    (report,) = json.loads(done.output)
    names = [Path(result).name for result in report["results"]]
    assert names == ["house-duotone.png", "house-duotone-mask.png"]
    wanted = tinct.duotone(source, dark="#102030").photo.pixels  # type: ignore[attr-defined]
    assert np.array_equal(tinct.open(report["results"][0]).pixels, wanted)
    assert report["lightness"] == pytest.approx(source.pixels.mean() / 255, abs=1e-3)
    assert isinstance(run(app, ["duotone", str(path), "--strength", "2"]).exception, ParameterError)


@pytest.mark.usefixtures("registered")
def test_the_documentations_table_has_it() -> None:
    rows = table(registry.get("duotone")).splitlines()
    assert (
        "| `photo` (API: `image`) | a photo | required | The photo to print, in any depth and RGB profile; both stay. |"
        in rows
    )
    assert "| `strength` | 0 to 1 | 1.0 | 0 returns the photo's own pixels. |" in rows
    assert registry.get("duotone").roles == ("main", "mask")


def test_the_server_lists_describes_and_runs_it(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{package}:{Path(tinct.__file__).parents[1]}")
    server = Server(tmp_path / "data", extra_effects=f"duotone={WHERE}")
    try:
        with server.client() as client:
            shown = client.get("/v1/effects/duotone").json()
            assert (shown["title"], shown["roles"], shown["credits"]) == ("Duotone", ["main", "mask"], 1)
            assert shown["params"]["properties"]["strength"]["maximum"] == 1
            assert "duotone" in [one["name"] for one in client.get("/v1/effects").json()["effects"]]
            described = httpx.get(f"{server.url}/openapi.json").json()["components"]["schemas"]
            assert described["duotone.params"]["properties"]["dark"]["default"] == "#1B1464"
            inputs = {"image": uploaded(client, photo(12, 9))}
            refused = client.post(
                "/v1/jobs", json={"effect": "duotone", "inputs": inputs, "params": {"dark": "x"}}
            )
            assert (refused.status_code, refused.json()["error"]["field"]) == (422, "dark")
            order = submitted(client, effect="duotone", inputs=inputs, params={"plate": True})
            job = finished(client, order["id"])
            assert [result["role"] for result in job["results"]] == ["main", "mask"]
            assert set(job["facts"]) == {"lightness"}
    finally:
        server.stop()
