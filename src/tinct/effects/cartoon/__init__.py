"""Cartoon: a photo as even colours and clean lines."""
