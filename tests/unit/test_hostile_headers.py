"""Files of weights that a stranger made, and processes that answer nonsense: an error of ours, soon, and no more."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from tinct import apart
from tinct.errors import ForeignModelError, MissingModelError, ModelError
from tinct.models.generators import install
from tinct.models.generators.diffusion import look, tensors
from tinct.models.generators.stablecpp import gguf

ALIGNMENT = "general.alignment"
U32, BOOL, TEXT, LIST = 4, 7, 8, 9


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def key(name: str, kind: int, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", kind) + value


def tensor(name: str, offset: int = 0, kind: int = 0, side: int = 32) -> bytes:
    return text(name) + struct.pack("<IQIQ", 1, side, kind, offset)


def file(
    path: Path, known: Sequence[bytes], keys: Sequence[bytes] = (), version: bytes = b"\3\0\0\0"
) -> Path:
    head = b"GGUF" + version + struct.pack("<QQ", len(known), len(keys)) + b"".join([*keys, *known])
    path.write_bytes(head + bytes(-len(head) % 64) + bytes(1024))
    return path


def test_a_file_that_readers_may_take_for_different_things_is_refused(tmp_path: Path) -> None:
    path, sides = tmp_path / "a.gguf", struct.pack
    assert gguf.shapes(file(path, [tensor("a"), tensor("b", 128)], [key(ALIGNMENT, U32, sides("<I", 64))]))
    for known, said in (
        ([tensor("a"), tensor("a", 128)], "one name"),
        ([tensor("a"), tensor("b\0", 128)], "can be read"),
        ([tensor("a"), tensor("b", 96)], "in each other"),
        ([tensor("a", 7)], "alignment"),
        ([tensor("a", kind=8, side=5)], "blocks"),
        ([tensor("n" * 1000)], "longer"),
    ):
        with pytest.raises(ForeignModelError, match=said):
            gguf.shapes(file(path, known))
    whole = key(ALIGNMENT, U32, sides("<I", 32))
    aligned = [[key(ALIGNMENT, U32, sides("<I", value))] for value in (0, 3, 2**31)]
    aligned += [[key(ALIGNMENT, BOOL, b"\1")], [key(ALIGNMENT, TEXT, text("32"))], [whole, whole]]
    for keys in aligned:
        with pytest.raises(ForeignModelError, match="power of 2"):
            gguf.shapes(file(path, [tensor("a")], keys))
    with pytest.raises(ForeignModelError, match="high bytes"):
        gguf.shapes(file(path, [tensor("a")], version=b"\0\0\0\3"))


def test_a_list_of_endless_words_is_refused_before_it_is_read(tmp_path: Path) -> None:
    count = 2**20 + 1
    words = key("words", LIST, struct.pack("<IQ", TEXT, count) + bytes(8 * count))
    with pytest.raises(ForeignModelError, match="more words"):
        gguf.shapes(file(tmp_path / "a.gguf", [tensor("a")], [words]))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
@pytest.mark.parametrize("name", ["a.gguf", "a.safetensors"])
def test_a_pipe_is_no_file_of_weights_and_nobody_waits_for_it(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    shapes = gguf.shapes if name.endswith("gguf") else tensors.shapes
    for path in (tmp_path / name, Path(f"nul\0{name}")):
        with pytest.raises(MissingModelError):
            shapes(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_nor_are_pipes_what_a_folder_says_of_itself(tmp_path: Path) -> None:
    for name in ("config.json", "README.md"):
        os.mkfifo(tmp_path / name)
    with pytest.raises(MissingModelError, match="lacks unet"):
        look._json(tmp_path / "config.json", "unet/config.json")
    assert install._stated(tmp_path) is None


@pytest.mark.parametrize(
    "entry",
    [
        '{"shape":[1e999],"data_offsets":[0,0]}',
        '{"shape":[1],"data_offsets":[0,1e999]}',
        '{"shape":[1]}',
        "{",
    ],
)
def test_a_header_of_infinite_numbers_is_no_header(tmp_path: Path, entry: str) -> None:
    _safetensors(tmp_path / "a.safetensors", f'{{"a":{entry}}}')
    with pytest.raises(ForeignModelError, match="cannot be read"):
        tensors.shapes(tmp_path / "a.safetensors")


def test_a_header_that_names_a_tensor_twice_is_none(tmp_path: Path) -> None:
    entry = '"a":{"shape":[1],"data_offsets":[0,0]}'
    _safetensors(tmp_path / "a.safetensors", f"{{{entry},{entry}}}")
    with pytest.raises(ModelError, match="cannot be read"):
        tensors.shapes(tmp_path / "a.safetensors")


def _safetensors(path: Path, head: str) -> None:
    path.write_bytes(len(head).to_bytes(8, "little") + head.encode())


@pytest.mark.parametrize(
    "head",
    [
        pytest.param("[" * 200_000, id="deep"),
        pytest.param('{"facts":{},"blocks":[1e999]}', id="infinite"),
        pytest.param('{"facts":{},"blocks":[NaN]}', id="nan"),
        pytest.param('{"facts":{},"blocks":[-1]}', id="negative"),
        pytest.param("null", id="null"),
        pytest.param('{"facts":3,"blocks":[]}', id="number"),
        pytest.param('{"facts":{},"blocks":[999999999999]}', id="long"),
    ],
)
def test_a_frame_that_makes_no_sense_is_a_value_error(head: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whatever it says of itself, whoever asked ends the process
        apart.read(io.BytesIO(len(head).to_bytes(4, "little") + head.encode()))


def test_who_speaks_to_a_process_that_was_ended_hears_that_it_is_gone() -> None:
    process = apart.Apart("json.tool")
    process.end()
    with pytest.raises(apart.LostError):
        process.send({})
    with pytest.raises(apart.LostError):
        process.receive()
