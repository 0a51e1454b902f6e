"""Makeup: from a reference photo, or a named look."""
