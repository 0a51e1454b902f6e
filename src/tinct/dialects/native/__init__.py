"""Tinct's own API, ``/v1``: every effect by the same four calls."""
