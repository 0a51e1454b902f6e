"""Moderation: tells unsafe photos from safe ones."""
