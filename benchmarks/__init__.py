"""One command a figure: every number in the documentation comes from here."""
