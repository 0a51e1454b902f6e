"""Damage of prints, negatives and scans, found by its looks: scratches, hairs, cracks, folds, dust and spots."""
