"""Networks of ncnn become ONNX that computes the same."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray

from tinct.errors import ModelError
from tinct.models.convert import ncnn

Array = NDArray[np.float32]
HALF = (0x01306B47).to_bytes(4, "little")
FULL = bytes(4)


def run(onnx: bytes, photo: Array) -> Array:
    import onnxruntime

    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    result: Array = session.run(None, {session.get_inputs()[0].name: photo})[0]
    return result


def text(*layers: str) -> str:
    names = {name for layer in layers for name in layer.split()[4:] if "=" not in name}
    return "\n".join(["7767517", f"{len(layers) + 1} {len(names)}", "Input in 0 1 data", *layers]) + "\n"


def photo(height: int = 5, width: int = 7) -> Array:
    return np.random.default_rng(1).random((1, 3, height, width), np.float32)


def conv3(values: Array, kernel: Array, bias: Array) -> Array:
    """A 3 x 3 convolution with zero padding, written out."""
    padded = np.pad(values, ((0, 0), (0, 0), (1, 1), (1, 1)))
    height, width = values.shape[2:]
    out = np.zeros((1, len(kernel), height, width), np.float64)
    for row in range(3):
        for column in range(3):
            part = padded[0, :, row : row + height, column : column + width]
            out[0] += np.einsum("oc,chw->ohw", kernel[:, :, row, column], part)
    return (out + bias[None, :, None, None]).astype(np.float32)


def shuffled(values: Array, times: int) -> Array:
    """Channels into a square of pixels each: out[c, y * r + i, x * r + j] = in[(c * r + i) * r + j, y, x]."""
    _, channels, height, width = values.shape
    out = np.zeros((1, channels // times**2, height * times, width * times), np.float32)
    for channel in range(channels):
        kept, at = divmod(channel, times**2)
        out[0, kept, at // times :: times, at % times :: times] = values[0, channel]
    return out


KERNEL = np.random.default_rng(2).normal(0, 0.3, (12, 3, 3, 3)).astype(np.float32)
BIAS = np.random.default_rng(3).normal(0, 0.3, 12).astype(np.float32)
CONV = "Convolution conv 1 1 data a 0=12 1=3 4=1 5=1 6=324"
SHUFFLE = "PixelShuffle up 1 1 a out 0=2"


def test_a_convolution_and_a_pixel_shuffle_compute_what_they_say() -> None:
    onnx = ncnn.to_onnx(text(CONV, SHUFFLE), FULL + KERNEL.tobytes() + BIAS.tobytes())
    expected = shuffled(conv3(photo(), KERNEL, BIAS), 2)
    np.testing.assert_allclose(run(onnx, photo()), expected, atol=1e-5)


def test_a_converted_network_runs_at_any_size() -> None:
    onnx = ncnn.to_onnx(text(CONV, SHUFFLE), FULL + KERNEL.tobytes() + BIAS.tobytes())
    assert run(onnx, photo(9, 4)).shape == (1, 3, 18, 8)


def test_weights_of_16_bits_are_read_with_their_padding() -> None:
    kernel = KERNEL[:, :, :1, :1].astype(np.float16)[:3]  # 9 values: 18 bytes and 2 of padding
    conv = "Convolution conv 1 1 data out 0=3 1=1 5=1 6=9"
    onnx = ncnn.to_onnx(text(conv), HALF + kernel.tobytes() + bytes(2) + BIAS[:3].tobytes())
    expected = np.einsum("oc,nchw->nohw", kernel[:, :, 0, 0].astype(np.float32), photo())
    np.testing.assert_allclose(run(onnx, photo()), expected + BIAS[None, :3, None, None], atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "weights", "expected"),
    [
        ("Swish l 1 1 data out", b"", lambda x: x / (1 + np.exp(-x))),
        ("Sigmoid l 1 1 data out", b"", lambda x: 1 / (1 + np.exp(-x))),
        ("BinaryOp l 1 1 data out 0=1 1=1 2=0.5", b"", lambda x: x - 0.5),
        ("BinaryOp l 2 1 data data out 0=2", b"", lambda x: x * x),
        ("Eltwise l 2 1 data data out 0=1 -23301=2,1.0,0.25", b"", lambda x: 1.25 * x),
        ("Concat l 2 1 data data out 0=0", b"", lambda x: np.concatenate([x, x], 1)),
        ("PReLU l 1 1 data out 0=3", np.float32([0.1, 0.2, 0.3]).tobytes(), lambda x: x),
        ("Interp l 1 1 data out 0=1 1=2.0 2=2.0", b"", lambda x: x.repeat(2, 2).repeat(2, 3)),
    ],
)
def test_each_layer_computes_what_it_says(layer: str, weights: bytes, expected: object) -> None:
    onnx = ncnn.to_onnx(text(layer), weights)
    np.testing.assert_allclose(run(onnx, photo()), expected(photo()), atol=1e-6)  # type: ignore[operator]


def test_slopes_and_leaks_apply_to_negative_values() -> None:
    kernel, bias = np.float32(np.eye(3))[:, :, None, None], np.full(3, -1, np.float32)
    conv = "Convolution conv 1 1 data {} 0=3 1=1 5=1 6=9 9=2 -23310=1,0.2"
    onnx = ncnn.to_onnx(text(conv.format("out")), FULL + kernel.tobytes() + bias.tobytes())
    np.testing.assert_allclose(run(onnx, photo()), 0.2 * (photo() - 1), atol=1e-6)
    slopes = np.float32([0.1, 0.2, 0.3])
    layers = (conv.format("a").replace("9=2", "9=0"), "PReLU p 1 1 a out 0=3")
    onnx = ncnn.to_onnx(text(*layers), FULL + kernel.tobytes() + bias.tobytes() + slopes.tobytes())
    np.testing.assert_allclose(run(onnx, photo()), (photo() - 1) * slopes[:, None, None], atol=1e-6)


def test_a_split_and_a_constant_of_the_text_are_followed() -> None:
    layers = ("MemoryData m 0 1 mean 0=1 1=1 2=3", "Split s 1 2 data d1 d2", "BinaryOp b 2 1 d2 mean out 0=1")
    mean = np.float32([0.1, 0.2, 0.3])
    onnx = ncnn.to_onnx(text(*layers), mean.tobytes())
    np.testing.assert_allclose(run(onnx, photo()), photo() - mean[:, None, None], atol=1e-6)


def test_the_same_weights_give_the_same_bytes() -> None:
    weights = FULL + KERNEL.tobytes() + BIAS.tobytes()
    digests = {hashlib.sha256(ncnn.to_onnx(text(CONV, SHUFFLE), weights)).hexdigest() for _ in range(2)}
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("layers", "weights", "words"),
    [
        ((CONV,), FULL + KERNEL.tobytes(), "weights end"),
        (
            (CONV,),
            FULL + KERNEL.tobytes() + BIAS.tobytes() + b"more",
            "4 bytes of weights belong to no layer",
        ),
        ((CONV,), b"\x01\x02\x03\x04" + KERNEL.tobytes() + BIAS.tobytes(), "type 0x4030201"),
        (("LSTM l 1 1 data out",), b"", "'LSTM'"),
        (("BinaryOp l 1 1 data out 0=99 1=1",), b"", "operation 99"),
        (("Interp l 1 1 data out 0=2 1=2.0 2=2.0",), b"", "resampling 2"),
        (("Eltwise l 2 1 data data out 0=0",), b"", "only sums"),
        (("Convolution c 1 1 data out 0=3 1=3 2=2 5=0 6=81",), FULL + bytes(324), "dilated"),
        (("Convolution c 1 1 data out 0=3 1=1 5=0 6=9 9=5",), FULL + bytes(36), "activation 5"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(
    layers: tuple[str, ...], weights: bytes, words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        ncnn.to_onnx(text(*layers), weights)


def test_another_text_is_refused() -> None:
    with pytest.raises(ModelError, match="does not describe"):
        ncnn.to_onnx("hello\nworld\nagain\n", b"")
