"""Colour correction: casts of the light, dull and flat photos."""
