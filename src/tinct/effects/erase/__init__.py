"""Object removal: what a mask covers is rebuilt from the rest of the photo."""
