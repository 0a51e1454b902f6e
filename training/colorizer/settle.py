"""Batch statistics of the decoder, measured over photos as training shows them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from training.colorizer.network import Colorizer
from training.colorizer.views import Photos, aged, steering

__all__ = ["anchor", "settle"]

_PHOTOS = 32  # in a batch


def _norms(net: Colorizer) -> list[nn.BatchNorm2d]:
    decoder = (module for name, module in net.named_modules() if not name.startswith("encoder."))
    return [module for module in decoder if isinstance(module, nn.BatchNorm2d)]


@torch.no_grad()
def _pass(net: Colorizer, photos: Photos, batches: int) -> None:
    rng = np.random.default_rng(0)
    for _ in range(batches):
        light, chroma = photos.draw(_PHOTOS)
        with torch.autocast(light.device.type, torch.bfloat16):
            net(aged(light), *steering(chroma, rng))


def settle(net: Colorizer, photos: Photos, batches: int = 40) -> None:
    """Measure the statistics again; `net` is left in evaluation mode.

    The running averages lag behind weights that move, which costs more than a tenth of the cross-entropy until the
    rate has come down.
    """
    for norm in _norms(net):
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean of all batches
    net.train()
    net.encoder.eval()
    _pass(net, photos, batches)
    net.eval()


@torch.no_grad()
def anchor(net: Colorizer, photos: Photos, batches: int = 20) -> None:
    """Make the statistics those of the photos while the network's answers stay: its batch norms take up the change.

    For weights whose batch norms were folded away.
    """
    norms = _norms(net)
    sums: dict[nn.BatchNorm2d, list[Tensor]] = {norm: [] for norm in norms}

    def measure(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        x = inputs[0].float()
        sums[norm].append(torch.stack([x.mean((0, 2, 3)), (x * x).mean((0, 2, 3))]))

    hooks = [norm.register_forward_pre_hook(measure) for norm in norms]
    net.eval()
    _pass(net, photos, batches)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        mean, square = torch.stack(sums[norm]).mean(0)
        scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        shift = norm.bias - norm.running_mean * scale
        norm.running_mean.copy_(mean)
        norm.running_var.copy_((square - mean * mean).clamp(min=0))
        norm.weight.copy_(scale * torch.sqrt(norm.running_var + norm.eps))
        norm.bias.copy_(shift + mean * scale)
