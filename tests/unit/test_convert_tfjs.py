"""Graph models of TensorFlow.js become ONNX that computes the same."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tinct.errors import ModelError
from tinct.models import convert
from tinct.models.convert import tfjs, tfjs_weights

Array = NDArray[Any]
TYPES = {"float32": "DT_FLOAT", "int32": "DT_INT32"}
SIZE = (4, 6)


def word(text: str) -> dict[str, str]:
    return {"s": base64.b64encode(text.encode()).decode()}


def words(*texts: str) -> dict[str, Any]:
    return {"list": {"s": [word(text)["s"] for text in texts]}}


def ints(*values: int) -> dict[str, Any]:
    return {"list": {"i": [str(value) for value in values]}}


class Net:
    """A document in the making."""

    def __init__(self, height: int = -1, width: int = -1, channels: int = 3) -> None:
        dims = [{"size": str(size)} for size in (-1, height, width, channels)]
        attr = {"shape": {"shape": {"dim": dims}}, "dtype": {"type": "DT_FLOAT"}}
        self.nodes: list[dict[str, Any]] = [{"name": "photo", "op": "Placeholder", "attr": attr}]
        self.weights: list[dict[str, Any]] = []
        self.data = b""

    def const(self, value: Any, kind: str = "float32") -> str:
        array = np.asarray(value, kind)
        name = f"c{len(self.nodes)}"
        self.nodes.append({"name": name, "op": "Const", "attr": {"dtype": {"type": TYPES[kind]}}})
        self.weights.append({"name": name, "shape": list(array.shape), "dtype": kind})
        self.data += array.tobytes()
        return name

    def shape(self, *values: int) -> str:
        return self.const(values, "int32")

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append({"name": name, "op": op, "input": list(inputs), "attr": attributes})
        return name

    def document(self) -> dict[str, Any]:
        manifest = [{"paths": ["weights"], "weights": self.weights}]
        return {"modelTopology": {"node": self.nodes}, "weightsManifest": manifest}

    def run(self, photo: Array, size: tuple[int, int] | None = SIZE) -> Array:
        import onnxruntime

        onnx = tfjs.to_onnx(self.document(), self.data, size)
        session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
        result: Array = session.run(None, {"photo": photo})[0]
        assert list(result.shape) == session.get_outputs()[0].shape
        return result


def photo() -> Array:
    return np.random.default_rng(1).random((1, *SIZE, 3), np.float32) - np.float32(0.3)


KERNEL = np.random.default_rng(2).normal(0, 0.5, (3, 3, 3, 4)).astype(np.float32)
BIAS = np.float32([0.1, -0.2, 0.3, -0.4])


def same_conv(values: Array, kernel: Array, stride: int, before: tuple[int, int]) -> Array:
    """TensorFlow's convolution with padding SAME; `before` is the padding above and to the left."""
    sizes = [-(-size // stride) for size in values.shape[1:3]]
    padded = np.pad(values, ((0, 0), (before[0], 3), (before[1], 3), (0, 0)))
    out = np.zeros((1, *sizes, kernel.shape[3]))
    for row in range(sizes[0]):
        for column in range(sizes[1]):
            y, x = row * stride, column * stride
            patch = padded[0, y : y + kernel.shape[0], x : x + kernel.shape[1]]
            out[0, row, column] = np.einsum("ijc,ijco->o", patch, kernel)
    return out


@pytest.mark.parametrize(("stride", "before"), [(1, (1, 1)), (2, (0, 0))])
def test_a_fused_convolution_pads_as_tensorflow_does(stride: int, before: tuple[int, int]) -> None:
    net = Net()
    kernel, bias = net.const(KERNEL), net.const(BIAS)
    attributes = {
        "strides": ints(1, stride, stride, 1),
        "dilations": ints(1, 1, 1, 1),
        "padding": word("SAME"),
    }
    net.add("_FusedConv2D", "photo", kernel, bias, fused_ops=words("BiasAdd", "Relu6"), **attributes)
    expected = np.clip(same_conv(photo(), KERNEL, stride, before) + BIAS, 0, 6)
    np.testing.assert_allclose(net.run(photo()), expected, atol=1e-5)


def test_a_depthwise_convolution_keeps_channels_apart() -> None:
    net = Net()
    kernel = net.const(KERNEL[..., :1])
    attributes = {"strides": ints(1, 1, 1, 1), "padding": word("VALID")}
    net.add("DepthwiseConv2dNative", "photo", kernel, **attributes)
    expected = np.zeros((1, 2, 4, 3))
    for row in range(2):
        for column in range(4):
            patch = photo()[0, row : row + 3, column : column + 3]
            expected[0, row, column] = (patch * KERNEL[..., 0]).sum((0, 1))
    np.testing.assert_allclose(net.run(photo()), expected, atol=1e-5)


def test_a_transposed_convolution_spreads_each_pixel() -> None:
    net = Net()
    kernel = KERNEL[:2, :2].transpose(0, 1, 3, 2)  # (h, w, out = 4, in = 3)
    sizes, weights = net.shape(1, 8, 12, 4), net.const(kernel)
    attributes = {"strides": ints(1, 2, 2, 1), "padding": word("VALID")}
    net.add("Conv2DBackpropInput", sizes, weights, "photo", **attributes)
    expected = np.zeros((1, 8, 12, 4))
    for row in range(4):
        for column in range(6):
            spread = np.einsum("ijoc,c->ijo", kernel, photo()[0, row, column])
            expected[0, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2] += spread
    np.testing.assert_allclose(net.run(photo()), expected, atol=1e-5)


def test_a_classifier_ends_in_a_mean_a_dense_layer_and_a_softmax() -> None:
    net = Net(4, 6)
    pool = net.add(
        "AvgPool", "photo", ksize=ints(1, 4, 6, 1), strides=ints(1, 1, 1, 1), padding=word("VALID")
    )
    flat = net.add("Squeeze", pool, squeeze_dims=ints(1, 2))
    matrix, bias = net.const(KERNEL[0, 0]), net.const(BIAS)
    net.add("Softmax", net.add("_FusedMatMul", flat, matrix, bias, fused_ops=words("BiasAdd")))
    logits = photo().mean((1, 2)) @ KERNEL[0, 0] + BIAS
    expected = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(net.run(photo(), None), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        ("Abs", np.abs),
        ("Exp", np.exp),
        ("Floor", np.floor),
        ("Neg", np.negative),
        ("Reciprocal", lambda x: 1 / x),
        ("Relu", lambda x: np.maximum(x, 0)),
        ("Sigmoid", lambda x: 1 / (1 + np.exp(-x))),
        ("Square", np.square),
        ("Tanh", np.tanh),
    ],
)
def test_each_function_computes_what_it_says(op: str, expected: Callable[[Array], Array]) -> None:
    net = Net()
    net.add(op, "photo")
    np.testing.assert_allclose(net.run(photo()), expected(photo()), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        ("AddV2", np.add),
        ("Maximum", np.maximum),
        ("Minimum", np.minimum),
        ("Mul", np.multiply),
        ("RealDiv", np.divide),
        ("Sub", np.subtract),
    ],
)
def test_each_operator_computes_and_broadcasts(op: str, expected: Callable[[Array, Array], Array]) -> None:
    net, other = Net(), np.float32([0.5, -1, 2])
    net.add(op, "photo", net.const(other))
    np.testing.assert_allclose(net.run(photo()), expected(photo(), other), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("equation", "first"), [("abcg,gf->abcf", True), ("abgd,gf->abdf", True), ("gb,cgef->bcef", False)]
)
def test_products_with_a_matrix_are_those_of_einsum(equation: str, first: bool) -> None:
    axis = equation.replace("->", ",").split(",")[0 if first else 1].index("g")
    matrix = np.random.default_rng(5).random((photo().shape[axis], 5), np.float32)
    net = Net()
    table = net.const(matrix)
    inputs = ("photo", table) if first else (table, "photo")
    net.add("Einsum", *inputs, equation=word(equation))
    operands = (photo(), matrix) if first else (matrix, photo())
    np.testing.assert_allclose(net.run(photo()), np.einsum(equation, *operands), atol=1e-5)


def test_slices_and_gathers_pick_what_python_picks() -> None:
    net = Net()
    bounds = [net.shape(*values) for values in ((0, 1, 0, -1), (0, 0, 6, 0), (1, 1, 2, 1))]
    masks = {"begin_mask": {"i": "1"}, "end_mask": {"i": "3"}, "shrink_axis_mask": {"i": "8"}}
    part = net.add("StridedSlice", "photo", *bounds, **masks)
    net.add("GatherV2", part, net.shape(2, 0), net.const(1, "int32"))
    np.testing.assert_array_equal(net.run(photo()), photo()[:, 1:, 0:6:2, -1][:, [2, 0]])


def test_arithmetic_on_shapes_is_done_while_converting() -> None:
    net = Net()
    picked = net.add("StridedSlice", net.add("Shape", "photo"), net.shape(1), net.shape(2), net.shape(1),
                     shrink_axis_mask={"i": "1"})  # fmt: skip
    half = net.add("FloorDiv", picked, net.const(2, "int32"))
    shape = net.add("Pack", net.const(1, "int32"), half, net.const(-1, "int32"), axis={"i": "0"})
    net.add("Reshape", "photo", shape)
    np.testing.assert_array_equal(net.run(photo()), photo().reshape(1, 2, 36))


def test_sums_transposes_and_joins_keep_their_axes() -> None:
    net = Net()
    total = net.add("Sum", "photo", net.shape(-1), keep_dims={"b": True})
    turned = net.add("Transpose", "photo", net.shape(0, 2, 1, 3))
    back = net.add("Transpose", turned, net.shape(0, 2, 1, 3))
    net.add("ConcatV2", back, total, net.const(3, "int32"))
    expected = np.concatenate([photo(), photo().sum(-1, keepdims=True)], 3)
    np.testing.assert_allclose(net.run(photo()), expected, atol=1e-6)


def test_a_choice_depends_on_the_photo() -> None:
    net = Net()
    positive = net.add("Greater", "photo", net.const(0))
    net.add("SelectV2", positive, "photo", net.add("Neg", "photo"))
    np.testing.assert_allclose(net.run(photo()), np.abs(photo()))


def test_several_results_are_given_by_name_in_the_order_of_the_document() -> None:
    import onnxruntime

    net = Net()
    half = net.add("Mul", "photo", net.const(0.5))
    names = [net.add("Sum", half, net.shape(3)), net.add("Neg", half)]
    onnx = tfjs.to_onnx(net.document(), net.data, SIZE)
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    assert [(found.name, found.shape) for found in session.get_outputs()] == [
        (names[0], [1, *SIZE]),
        (names[1], [1, *SIZE, 3]),
    ]
    total, negative = session.run(None, {"photo": photo()})
    np.testing.assert_allclose(total, photo().sum(3) / 2, atol=1e-6)
    np.testing.assert_allclose(negative, photo() / -2)


def test_padding_adds_zeros_where_it_says() -> None:
    net = Net()
    net.add("Pad", "photo", net.const([[0, 0], [1, 0], [0, 2], [0, 3]], "int32"))
    np.testing.assert_array_equal(net.run(photo()), np.pad(photo(), ((0, 0), (1, 0), (0, 2), (0, 3))))


def test_channels_become_pixels_row_by_row() -> None:
    net = Net()
    net.add("DepthToSpace", net.add("ConcatV2", *["photo"] * 4, net.const(3, "int32")), block_size={"i": "2"})
    channels = np.concatenate([photo()] * 4, 3)[0]
    expected = channels.reshape(4, 6, 2, 2, 3).transpose(0, 2, 1, 3, 4).reshape(1, 8, 12, 3)
    np.testing.assert_array_equal(net.run(photo()), expected)


def test_enlarging_doubles_like_a_photo_between_pixel_centres() -> None:
    import cv2

    net = Net()
    net.add("ResizeBilinear", "photo", net.shape(8, 12), half_pixel_centers={"b": True})
    np.testing.assert_allclose(net.run(photo())[0], cv2.resize(photo()[0], (12, 8)), atol=1e-6)


def test_the_largest_of_each_window_is_kept_even_below_zero() -> None:
    net = Net()
    negative = net.add("Sub", "photo", net.const(2))
    net.add("MaxPool", negative, ksize=ints(1, 2, 4, 1), strides=ints(1, 2, 4, 1), padding=word("SAME"))
    values = photo()[0] - 2
    rows = values.reshape(2, 2, 6, 3).max(1)
    columns = [rows[:, 0:3], rows[:, 3:6]]  # one column of padding on either side
    expected = np.stack([part.max(1) for part in columns], 1)
    np.testing.assert_allclose(net.run(photo())[0], expected, atol=1e-6)


def test_negative_values_get_the_slope_of_their_channel() -> None:
    slope = np.float32([[[0.1, 0.2, 0.3]]])
    net = Net()
    net.add("Prelu", "photo", net.const(slope))
    np.testing.assert_allclose(net.run(photo()), np.where(photo() < 0, photo() * slope, photo()), atol=1e-6)


def test_many_values_are_added_at_once() -> None:
    net = Net()
    net.add("AddN", "photo", net.const([1, 2, 3]), "photo")
    np.testing.assert_allclose(net.run(photo()), 2 * photo() + np.float32([1, 2, 3]), atol=1e-6)


@pytest.mark.parametrize("turned", [False, True])
def test_stacks_of_matrices_are_multiplied(turned: bool) -> None:
    net, matrix = Net(), np.random.default_rng(3).random((3, 5), np.float32)
    net.add("BatchMatMulV2", "photo", net.const(matrix.T if turned else matrix), adj_y={"b": turned})
    np.testing.assert_allclose(net.run(photo()), photo() @ matrix, atol=1e-6)


def test_places_to_pick_may_come_from_the_photo() -> None:
    net = Net()
    three = net.add("Cast", net.add("Mul", "photo", net.const([0, 4, 5])), DstT={"type": "DT_INT32"})
    bounded = net.add("Maximum", net.add("Minimum", three, net.const([0, 3, 5], "int32")),
                      net.const([0, 0, 0], "int32"))  # fmt: skip
    net.add("GatherNd", "photo", bounded)
    at = np.clip(np.trunc(photo() * np.float32([0, 4, 5])), 0, [0, 3, 5]).astype(int)
    np.testing.assert_array_equal(net.run(photo()), photo()[at[..., 0], at[..., 1], at[..., 2]])


def test_places_outside_read_what_is_nearest() -> None:
    net = Net()
    far = net.add("Cast", net.add("Mul", "photo", net.const([100, 100, 100])), DstT={"type": "DT_INT32"})
    net.add("GatherNd", "photo", far)
    at = np.clip(np.trunc(photo() * np.float32(100)), 0, [0, 3, 5]).astype(int)
    np.testing.assert_array_equal(net.run(photo()), photo()[at[..., 0], at[..., 1], at[..., 2]])


def test_weights_of_8_and_16_bits_are_scaled_back() -> None:
    packing = {"dtype": "uint8", "scale": 0.5, "min": -1.0}
    manifest = [
        {
            "weights": [
                {"name": "a", "shape": [2], "dtype": "float32", "quantization": packing},
                {"name": "b", "shape": [], "dtype": "float32", "quantization": {"dtype": "float16"}},
            ]
        }
    ]
    found = tfjs_weights.read(manifest, bytes([0, 4]) + np.float16(1.5).tobytes())
    np.testing.assert_array_equal(found["a"], np.float32([-1, 1]))
    assert found["b"] == 1.5
    assert all(array.dtype == np.float32 for array in found.values())


@pytest.mark.parametrize(("change", "words_"), [(b"more", "4 bytes"), (None, "weights end")])
def test_weights_that_do_not_fit_the_document_are_refused(change: bytes | None, words_: str) -> None:
    net = Net()
    net.add("AddV2", "photo", net.const([1, 2, 3]))
    net.data = net.data + change if change else net.data[:-1]
    with pytest.raises(ModelError, match=words_):
        net.run(photo())


@pytest.mark.parametrize(
    ("build", "words_"),
    [
        (lambda net: net.add("Conv3D", "photo"), "'Conv3D'"),
        (lambda net: net.add("Reshape", "photo", "photo"), "depends on the input"),
        (lambda net: net.add("Neg", net.const(1)), "does not depend on the photo"),
        (
            lambda net: net.add("Einsum", "photo", net.const([1, 2, 3]), equation=word("abcd,d->abc")),
            "product",
        ),
    ],
)
def test_what_is_not_supported_is_refused_by_name(build: Callable[[Net], str], words_: str) -> None:
    net = Net()
    build(net)
    with pytest.raises(ModelError, match=words_):
        net.run(photo())


def script(value: Mapping[str, Any]) -> str:
    """A document as a packer of scripts writes it: bare keys, !0 for true, .5 for 0.5."""
    text = json.dumps(value, separators=(",", ":"))
    for key in ("modelTopology", "node", "name", "size"):
        text = text.replace(f'"{key}":', f"{key}:")
    text = text.replace("true", "!0").replace("false", "!1").replace("0.5", ".5")
    return (
        "!function(e){var a={exports:{}};a[0].call(t.exports,u.exports)}({1:[function(t,e,a){e.exports="
        + text
        + "},{}]});"
    )


def test_a_document_packed_as_a_script_is_read_as_data() -> None:
    value = {
        "modelTopology": {"node": [{"name": 'a "b": {x:1}', "size": 0.5, "2": True, "n": [None, -1e-7]}]}
    }
    assert tfjs_weights.unpack_document(script(value)) == value


def test_a_script_that_is_no_plain_data_is_refused_not_run() -> None:
    with pytest.raises(ModelError, match="plain data"):
        tfjs_weights.unpack_document("e.exports={a:process.exit(1)}")
    with pytest.raises(ModelError, match="exports no data"):
        tfjs_weights.unpack_document("alert(1)")


def test_a_bundle_of_scripts_is_the_same_network_as_its_files() -> None:
    net = Net(4, 6)
    net.add("AddV2", "photo", net.const([1, 2, 3]))
    parts = [f'e.exports="{base64.b64encode(part).decode()}"' for part in (net.data[:5], net.data[5:])]
    files = {"model.js": script(net.document()), "weights1.js": parts[0], "weights2.js": parts[1]}
    bundle = convert.to_onnx("tfjs-bundle", {name: text.encode() for name, text in files.items()}, None)
    plain = {"model.json": json.dumps(net.document()).encode(), "weights.bin": net.data}
    assert bundle == convert.to_onnx("tfjs", plain, None)
