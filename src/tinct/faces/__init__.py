"""Faces: found once, traced, measured; used by several effects."""
