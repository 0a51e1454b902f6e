"""Find faces and show where they are."""
