"""Damage drawn on clean photos, and what learns to find it."""
