"""Colour migration: fit a ColorMap on a proxy, apply it at full size."""
