"""What `scripts/derive` writes: each module makes the text of one kind of page."""
