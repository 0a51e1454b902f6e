"""What Tinct can do to a photo: pure functions from photos and parameters to photos."""
