"""The table of points in docs/security.md names tests and commands that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if re.match(r"\| \d+ \|", line)
]


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_point_from_1_to_33_has_its_row() -> None:
    assert [row[0] for row in ROWS] == [str(number) for number in range(1, 34)]
    assert {len(row) for row in ROWS} == {5}


def test_every_test_in_the_table_exists() -> None:
    named = 0
    for number, _, tests, *_ in ROWS:
        for one in tests.split("<br>"):
            if one == "no test yet":
                continue
            found = re.fullmatch(r"`([\w/]+\.py)::(test_\w+)`", one)
            assert found, f"{number}: {one}"
            path = ROOT / "tests" / found[1]
            assert path.is_file(), f"{number}: {one}"
            assert found[2] in names_in(path), f"{number}: {one}"
            named += 1
    assert named >= len(ROWS)


def test_a_point_without_a_test_says_what_is_not_done() -> None:
    for number, _, tests, _, missing in ROWS:
        assert "no test yet" not in tests or (tests == "no test yet" and missing), number


def test_every_file_and_command_that_the_page_names_exists() -> None:
    for name in re.findall(r"`(tests/[\w/]+\.py)`", TEXT):
        assert (ROOT / name).is_file(), name
    for name in re.findall(r"python -m (benchmarks\.\w+)", TEXT):
        assert (ROOT / f"{name.replace('.', '/')}.py").is_file(), name
