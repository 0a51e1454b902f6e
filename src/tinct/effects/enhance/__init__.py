"""Sharper and larger photos: networks for super-resolution on tiles, held to the source's colours."""
