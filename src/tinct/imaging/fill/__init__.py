"""Patch completion: holes of a photo are rebuilt from the rest of it."""
