"""Face swap: the face of a reference on the head of a photo."""
