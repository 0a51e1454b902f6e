"""Architectures that are known, as data: what their folders hold, and which pipeline serves which task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tinct.models.generators.port import Task

__all__ = ["FAMILIES", "Family", "family_named", "family_of"]


@dataclass(frozen=True, kw_only=True)
class Family:
    """An architecture."""

    name: str
    folders: frozenset[str]
    """What ``_class_name`` in a folder's ``model_index.json`` may say."""
    pipelines: Mapping[Task, str]
    """Class of diffusers by task."""
    weights: tuple[str, ...]
    """Parts that have weights."""
    others: tuple[str, ...]
    """Parts that have none."""
    classes: frozenset[str]
    """The only classes that parts may be of; schedulers are any of diffusers'."""
    left_out: tuple[str, ...] = ("safety_checker", "feature_extractor", "image_encoder")
    """Parts of a folder that are not loaded."""
    guidance: float = 7.0


FAMILIES: Final = (
    Family(
        name="stable-diffusion",
        folders=frozenset(
            {
                "StableDiffusionPipeline",
                "StableDiffusionImg2ImgPipeline",
                "StableDiffusionInpaintPipeline",
            }
        ),
        pipelines={
            "text-to-image": "StableDiffusionPipeline",
            "image-to-image": "StableDiffusionImg2ImgPipeline",
            "inpaint": "StableDiffusionInpaintPipeline",
        },
        weights=("unet", "vae", "text_encoder"),
        others=("tokenizer", "scheduler"),
        classes=frozenset(
            {"UNet2DConditionModel", "AutoencoderKL", "CLIPTextModel", "CLIPTokenizer", "CLIPTokenizerFast"}
        ),
    ),
    Family(
        name="stable-diffusion-xl",
        folders=frozenset(
            {
                "StableDiffusionXLPipeline",
                "StableDiffusionXLImg2ImgPipeline",
                "StableDiffusionXLInpaintPipeline",
            }
        ),
        pipelines={
            "text-to-image": "StableDiffusionXLPipeline",
            "image-to-image": "StableDiffusionXLImg2ImgPipeline",
            "inpaint": "StableDiffusionXLInpaintPipeline",
        },
        weights=("unet", "vae", "text_encoder", "text_encoder_2"),
        others=("tokenizer", "tokenizer_2", "scheduler"),
        classes=frozenset(
            {
                "UNet2DConditionModel",
                "AutoencoderKL",
                "CLIPTextModel",
                "CLIPTextModelWithProjection",
                "CLIPTokenizer",
                "CLIPTokenizerFast",
            }
        ),
        guidance=6.0,
    ),
)


def family_of(folder: str) -> Family | None:
    """The family whose folders say this ``_class_name``; None for one that is not known."""
    return next((family for family in FAMILIES if folder in family.folders), None)


def family_named(name: str) -> Family:
    """The family of that name."""
    return next(family for family in FAMILIES if family.name == name)
