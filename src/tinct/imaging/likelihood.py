"""Ask the network: from lightness to a distribution over chroma, and from that to one colouring.

The network is asked at several sizes, and of the mirrored photo too: small, it sees the scene, large, its parts; what
only one of the answers says is mostly a blotch. The answers are averaged as log-probabilities; then what looks alike
agrees, and neighbours do.

The colouring is the annealed mean of Zhang, Isola, Efros 2016, "Colorful Image Colorization".
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tinct.imaging.conduction import conducted, leveled
from tinct.imaging.decision import dared, softmax
from tinct.imaging.domain_transform import coherent
from tinct.imaging.featureless import colorable
from tinct.imaging.mean_field import agreed, evened, resized
from tinct.models.runtime import session
from tinct.photo.resize import resize

__all__ = ["ChromaDistribution", "classes_of", "glance", "predict_chroma"]

Array = NDArray[np.float32]

_SIDES = (256, 192, 128)  # of a square as large as what the network sees; the cells are those of the first
_LONGEST = 2  # times that for a long strip
_STRIDE = 4
_SCALE = 110  # of a*, b* and chroma in what the network is told
_MULTIPLE = 32
_REACH = 8.0  # cells: how far what looks alike agrees
_EDGE = 15.0  # L* that separate as much as that distance
_GLANCE = 192  # side of the square that is enough for a first look
_SURER = 1.3  # times as sure a single look is as the average that the network is calibrated for
_SPAN, _STEP = 128, 2  # of the table of nearest classes, in units of a*, b*
_TEMPERATURE = 0.35  # below 1 the likely colours win over the mean of all, which is grey
# How far, as a power, a colouring is brought to the chroma that the network expects of the photo
_LIVELY = 0.5
_GAIN = 1.27  # times that
_MOST = 4.0  # that its chroma is multiplied or divided by
_GARISH = np.float32(1.4)  # times the chroma expected of a cell: it gets no more
_DARING, _SPREAD = 1.2, 0.4  # of what doubt takes, what surer things get: a factor, and a power
_ONE_LIGHT, _ONE_LOOK = 2.0, 0.26  # difference of L* and of looks at which a thing may change its colour
_HOLD = 0.004  # how far cells hold to a colour of their own against that of what they are part of


@dataclass(frozen=True, eq=False)
class ChromaDistribution:
    """Distributions over chroma for a grid of cells."""

    logits: Array
    """(h, w, q)."""
    bins: Array
    """(q, 2) a*, b* of each class."""
    light: Array
    """(h, w) L* of the photo in each cell."""
    share: Array
    """(h, w) 0 to 1: how much of its chroma each cell may have."""
    looks: Array
    """(h / 2, w / 2, c) what the encoder sees, with a mean of 0."""

    def chroma(self) -> Array:
        """One colouring, (h, w, 2) a*, b*.

        Where the network is torn between hues, their mean is duller than each. The photo as a whole gets most of the
        chroma that it loses by this back, so that a photo full of doubt does not end grey; then each thing keeps of
        its chroma what it may dare. At last colour is leveled along what looks alike, so that a door is not red in
        its middle alone.
        """
        h, w, q = self.logits.shape
        probability = softmax(self.logits)
        expected = probability @ np.hypot(self.bins[:, 0], self.bins[:, 1])  # (h, w)
        mean = softmax(self.logits / np.float32(_TEMPERATURE)) @ self.bins
        size = np.maximum(np.hypot(mean[..., 0], mean[..., 1]), np.float32(1e-3))
        lost = float((expected * self.share).sum() / max((size * self.share).sum(), 1e-3))
        gain = _GAIN * float(np.clip(lost, 1 / _MOST, _MOST)) ** _LIVELY
        wanted = size * np.float32(gain)
        most = expected * _GARISH + np.float32(1e-3)
        size_now = wanted / (1 + (wanted / most) ** 8) ** np.float32(1 / 8)
        color = mean * (size_now / size)[..., None]
        share = dared(probability.reshape(-1, q), self.bins, color.reshape(-1, 2)).reshape(h, w)
        share = evened(share, self.light, self.looks)
        share = np.clip(coherent(share[..., None], self.light, _REACH, _EDGE)[..., 0], 0, 1)
        total = max(float((size_now * self.share).sum()), 1e-3)
        kept = float((size_now * share * self.share).sum()) / total
        share *= np.float32(_DARING * max(kept, 1 / _MOST) ** -_SPREAD)
        return self._leveled(color * share[..., None])

    def _leveled(self, color: Array) -> Array:
        """One colour (h, w, 2) for each thing, and as much chroma in all."""
        looks = resized(self.looks, self.light.shape)
        even = leveled(color, conducted([(self.light, _ONE_LIGHT), (looks, _ONE_LOOK)]), _HOLD)
        before, after = (float((np.linalg.norm(c, axis=-1) * self.share).sum()) for c in (color, even))
        even *= (np.float32(before / max(after, 1e-3)) * self.share)[..., None]
        return np.asarray(even, np.float32)

    def blend(self, other: ChromaDistribution) -> ChromaDistribution:
        """Half way to another prediction: what this one is sure of stays, the rest follows the other."""
        return replace(self, logits=(self.logits + other.logits) / np.float32(2))


def predict_chroma(light: Array, mood: Array | None = None) -> ChromaDistribution:
    """Run the network.

    Parameters
    ----------
    light : ndarray, (H, W), float32
        L*, 0..100, as the network should see it.
    mood : ndarray, (3,), float32, optional
        Mean a*, b* and chroma that the colouring should have.

    Raises
    ------
    MissingModelError, DamagedModelError
        The weights are not there or not the right ones.
    """
    told = np.zeros(4, np.float32) if mood is None else np.append(mood / _SCALE, 1).astype(np.float32)
    total, bins, looks = _ask(resize(light, _size(light.shape, _SIDES[0])), told)
    size = (total.shape[0], total.shape[1])
    for side in _SIDES[1:]:
        total += resized(_ask(resize(light, _size(light.shape, side)), told)[0], size)
    total /= np.float32(len(_SIDES))
    cells = resize(light, size)
    logits = coherent(agreed(total, cells, looks), cells, _REACH, _EDGE)
    return ChromaDistribution(logits, bins, cells, resize(colorable(light), size), looks)


def glance(light: Array) -> ChromaDistribution:
    """What the network says at one small look, in a quarter of the time of `predict_chroma`; all else as there."""
    answer, bins, looks = _ask(resize(light, _size(light.shape, _GLANCE)), np.zeros(4, np.float32))
    answer /= np.float32(_SURER)
    answer -= np.log(np.exp(answer).sum(axis=-1, keepdims=True))
    size = (answer.shape[0], answer.shape[1])
    return ChromaDistribution(answer, bins, resize(light, size), np.ones(size, np.float32), looks)


def classes_of(chroma: Array, bins: Array) -> NDArray[np.intp]:
    """Number of the class, a row of `bins` (q, 2), that is nearest to each a*, b* of `chroma` (n, 2): (n,)."""
    table = _nearest(bins.tobytes())
    place = np.rint((np.clip(chroma, -_SPAN, _SPAN) + _SPAN) / _STEP).astype(np.intp)
    return np.asarray(table[place[:, 0], place[:, 1]])


@functools.cache
def _nearest(bins: bytes) -> NDArray[np.intp]:
    """Nearest class for each a*, b* in steps of `_STEP`."""
    centres = np.frombuffer(bins, np.float32).reshape(-1, 2)
    axis = np.arange(-_SPAN, _SPAN + 1, _STEP, dtype=np.float32)
    a, b = np.meshgrid(axis, axis, indexing="ij")
    return np.asarray(
        ((a[..., None] - centres[:, 0]) ** 2 + (b[..., None] - centres[:, 1]) ** 2).argmin(axis=-1)
    )


def _size(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """Height and width that the network can see, of nearly the photo's shape and the area of a square of `side`."""
    height, width = shape
    scale = min(side / (height * width) ** 0.5, _LONGEST * side / max(height, width))
    rows, columns = (max(1, round(length * scale / _MULTIPLE)) * _MULTIPLE for length in (height, width))
    return rows, columns


def _ask(light: Array, mood: Array) -> tuple[Array, Array, Array]:
    """What the network says of the photo and its mirror image.

    Log-probabilities (h, w, q), the classes (q, 2), and what the encoder sees, (h / 2, w / 2, c).
    """
    rows, columns = light.shape[0] // _STRIDE, light.shape[1] // _STRIDE
    unhinted = np.zeros((2, 3, rows, columns), np.float32)
    both = np.stack([light, light[:, ::-1]])[:, None] / np.float32(100)
    logits, bins, looks = session("colorizer").run(
        {"lightness": both, "hints": unhinted, "mood": np.stack([mood, mood])}
    )
    logits -= logits.max(axis=1, keepdims=True)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    mean = (logits[0] + logits[1][..., ::-1]) * np.float32(0.5)
    return np.ascontiguousarray(mean.transpose(1, 2, 0)), bins, looks[0].transpose(1, 2, 0)
