"""Weights: which there are, where they lie, and the one runtime that runs them."""
