"""Backgrounds: cut the subject out, put it elsewhere, or blur what is behind it."""
