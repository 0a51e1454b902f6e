"""Lighting: dark and unevenly lit photos."""
