"""Signs of faces: glasses, beards, small children."""
