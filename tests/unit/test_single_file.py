"""What a model in one file needs beside its weights; nothing here needs torch."""

import gzip
import json
import struct
from pathlib import Path

import pytest

from tinct.errors import ForeignModelError, MissingModelError, PickledModelError, TruncatedModelError
from tinct.models.generators.diffusion import single
from tinct.models.generators.diffusion.tensors import elements, shapes


def written(path: Path, tensors: dict[str, tuple[int, ...]], cut: int = 0) -> Path:
    """A safetensors file of zeros, without its last `cut` bytes."""
    header, end = {}, 0
    for name, shape in tensors.items():
        size = 4
        for side in shape:
            size *= side
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    whole = struct.pack("<Q", len(text)) + text + bytes(end)
    path.write_bytes(whole[: len(whole) - cut])
    return path


def placed(*places: list[int]) -> bytes:
    """A safetensors file whose tensors say that they lie there."""
    header = {
        f"x{n}": {"dtype": "F32", "shape": [2], "data_offsets": place} for n, place in enumerate(places)
    }
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(max(end for _, end in places))


def test_names_and_shapes_are_read_without_a_library(tmp_path: Path) -> None:
    known = shapes(written(tmp_path / "a.safetensors", {"x.a": (2, 3), "x.b": (5,), "y.position_ids": (7,)}))
    assert known == {"x.a": (2, 3), "x.b": (5,), "y.position_ids": (7,)}
    assert (elements(known), elements(known, "x."), elements(known, "y.")) == (11, 11, 0)


@pytest.mark.parametrize("cut", [1, 20, 40, 200])
def test_a_file_that_was_cut_short_says_so(tmp_path: Path, cut: int) -> None:
    with pytest.raises(TruncatedModelError, match="cut short"):
        shapes(written(tmp_path / "a.safetensors", {"x": (2, 3)}, cut))


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("a.safetensors", b"PK\x03\x04 an archive of torch", PickledModelError),
        ("a.safetensors", b"\x80\x02}q\x00X\x05\x00\x00\x00 a pickle", PickledModelError),
        ("a.ckpt", b"anything at all", PickledModelError),
        ("a.safetensors", struct.pack("<Q", 2) + b"[]", ForeignModelError),
        ("a.safetensors", struct.pack("<Q", 9) + b'{"x": [1}', ForeignModelError),
        ("a.safetensors", struct.pack("<Q", 2**60) + b"too long a header", ForeignModelError),
        ("a.safetensors", placed([0, 8], [4, 12]), ForeignModelError),
        ("a.safetensors", placed([0, 8], [12, 20]), ForeignModelError),
        ("a.safetensors", placed([8, 8], [8, 16]), ForeignModelError),
        ("a.onnx", b"something else altogether", ForeignModelError),
    ],
)
def test_what_is_no_such_file_is_refused(
    tmp_path: Path, name: str, data: bytes, error: type[Exception]
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(error, match=r"^a\."):
        shapes(tmp_path / name)


def test_a_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingModelError):
        shapes(tmp_path / "a.safetensors")


def test_the_words_come_from_an_installed_package_that_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "words_of_clip"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    with gzip.open(package / "merges.gz", "wt", encoding="utf-8") as file:
        file.write("a header\ni n\nt h\nth e</w>\n" + "x y\n" * 60_000)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(single, "_PACKAGED", ("words_of_clip", "merges.gz"))
    vocabulary, merges = single._words()
    assert len(merges) == 48_894
    assert merges[:3] == ["i n", "t h", "th e</w>"]
    assert [vocabulary[token] for token in ("!", "a", "!</w>", "a</w>", "in", "th", "the</w>")] == [
        0, 64, 256, 320, 512, 513, 514,
    ]  # fmt: skip
