"""Blur: measured at edges and in the spectrum, and taken away where it is small and the same all over the photo."""
