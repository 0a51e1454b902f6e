"""The three ways to fit a map. Slow to load: who has a map already needs none of them."""

from __future__ import annotations

from tinct.effects.migrate.auto import fit_auto, fit_families
from tinct.effects.migrate.reference import fit_reference
from tinct.effects.migrate.template import fit_template

__all__ = ["fit_auto", "fit_families", "fit_reference", "fit_template"]
