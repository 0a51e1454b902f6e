"""Clips: moving pictures in, moving pictures out, with their sound."""
