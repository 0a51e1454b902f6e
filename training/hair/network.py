"""The hair network: the layers of the person segmenter's sight with four classes, begun from what it learned."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from tinct.models import store
from training.folded import take_over
from training.person.network import Sight

__all__ = ["CLASSES", "HairNet"]

CLASSES = 4
"""Hair, face, other person, anything else."""


class HairNet(Sight):
    """RGB (n, 3, H, W) in 0..1, H and W multiples of 16, to logits (n, CLASSES, H/2, W/2)."""

    def __init__(self) -> None:
        super().__init__()
        last = self.out[-1]
        assert isinstance(last, nn.Conv2d)
        self.out[-1] = nn.Conv2d(last.in_channels, CLASSES, 1)

    def begin(self, path: Path | None = None) -> HairNet:
        """Take over all but the last layer of the shipped person segmenter's sight, which it computes first.

        Raises
        ------
        ValueError
            The file holds other layers.
        """
        take_over(self, path.read_bytes() if path else store.load("person"), last=False)
        return self
