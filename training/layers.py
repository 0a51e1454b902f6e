"""Layers that several networks are made of."""

from __future__ import annotations

from torch import nn

__all__ = ["separable"]


def separable(inside: int, outside: int, kernel: int = 3) -> nn.Sequential:
    """A depthwise-separable convolution, normalised and rectified."""
    return nn.Sequential(
        nn.Conv2d(inside, inside, kernel, padding=kernel // 2, groups=inside, bias=False),
        nn.Conv2d(inside, outside, 1, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
    )
